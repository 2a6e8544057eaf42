//! Exports of everything that is stored about an account, for its owner.

use crate::access::{Action, Policy, Resource, Rule, Visibility};
use crate::id::{Id, UserId};
use crate::string_enum;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

/// Names an export.
pub type DataExportId = Id<DataExport>;

string_enum! {
    /// How far an export is.
    pub enum DataExportStatus {
        /// A job makes it, or waits to.
        Running = "running",
        /// It can be downloaded.
        Done = "done",
        /// It could not be made.
        Failed = "failed",
    }
}

/// A ZIP archive of everything that is stored about an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataExport {
    /// Unique, and ordered by creation time.
    pub id: DataExportId,
    /// The account that it is about, whose owner requested it.
    pub user_id: UserId,
    /// How far it is. An account has at most one that is running.
    pub status: DataExportStatus,
    /// The size of the archive in bytes; `None` before it is done.
    pub size: Option<i64>,
    /// The build that made the archive, of those that attempted it; `None` before it is done.
    pub build_id: Option<Uuid>,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When it was done, or failed.
    pub finished_at: Option<Timestamp>,
    /// When it is removed, whatever became of it.
    pub expires_at: Timestamp,
}

impl DataExport {
    /// How long an export is kept: after it was requested, and again after it was done.
    pub const TTL: Duration = Duration::from_hours(7 * 24);
    /// How many exports an account may request in [`DataExport::PERIOD`].
    pub const MAX_IN_PERIOD: usize = 3;
    /// The period that [`DataExport::MAX_IN_PERIOD`] is for.
    pub const PERIOD: Duration = Duration::from_hours(24);

    /// An export that was requested just now.
    pub fn requested(id: DataExportId, user_id: UserId, now: Timestamp) -> Self {
        Self {
            id,
            user_id,
            status: DataExportStatus::Running,
            size: None,
            build_id: None,
            created_at: now,
            finished_at: None,
            expires_at: now.after(Self::TTL),
        }
    }

    /// The export, done by a build.
    #[must_use]
    pub fn done(self, build: Uuid, size: i64, now: Timestamp) -> Self {
        Self {
            status: DataExportStatus::Done,
            size: Some(size),
            build_id: Some(build),
            finished_at: Some(now),
            expires_at: now.after(Self::TTL),
            ..self
        }
    }

    /// The export, which could not be made.
    #[must_use]
    pub fn failed(self, now: Timestamp) -> Self {
        Self {
            status: DataExportStatus::Failed,
            finished_at: Some(now),
            ..self
        }
    }

    /// The build whose archive may be downloaded at an instant; `None` before it is done, and once it has expired.
    pub fn archive(&self, now: Timestamp) -> Option<Uuid> {
        self.build_id.filter(|_| now < self.expires_at)
    }
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl DataExport {
    pub const REQUEST: Action = Action::new("request");
    pub const FINISH: Action = Action::new("finish");
    pub const FAIL: Action = Action::new("fail");
    pub const DOWNLOAD: Action = Action::new("download");
    /// Removes exports that have expired.
    pub const PRUNE: Action = Action::new("prune");
}

impl Resource for DataExport {
    const NAME: &'static str = "data-export";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Owner],
        actions: &[
            (Self::REQUEST, Rule::Owner),
            (Self::FINISH, Rule::System),
            (Self::FAIL, Rule::System),
            (Self::DOWNLOAD, Rule::Owner),
            (Self::PRUNE, Rule::System),
        ],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}
