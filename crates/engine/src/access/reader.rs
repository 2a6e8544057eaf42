//! Reads the changes that other processes made from the database.
//!
//! Every node does so twice a second. It selects the changes with a greater number than the last one it read; the
//! database assigns the numbers in the order of the commits, so no clock decides what a node reads.

use crate::access::directory::AccessSnapshot;
use crate::context::{QueryContext, Repositories};
use crate::request_context::RequestContext;
use crate::services::Services;
use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::ReadMode;
use std::time::Duration;

/// Longer than any transaction, and than the clocks of two nodes may differ before each refuses the other's tokens.
const MARGIN: Duration = Duration::from_mins(10);

/// Where to continue reading.
#[derive(Debug, Clone, Copy)]
enum From {
    /// After the change of this number.
    Number(i64),
    /// From the first change that was made at or after an instant.
    Instant(Timestamp),
}

impl Services {
    /// Reads all changes that a valid token could contradict; at the start, and whenever the database was
    /// unavailable.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn load_access(&self) -> Result<()> {
        let ttl = self.policies().access_ttl;
        self.read_access(From::Instant(self.now().before(ttl).before(MARGIN)))
            .await
    }

    /// Reads the changes since the last one that was read.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn sync_access(&self) -> Result<()> {
        self.read_access(From::Number(self.directory().last())).await
    }

    async fn read_access(&self, from: From) -> Result<()> {
        let now = self.now();
        let snapshot = self.access_since(from).await?;
        if snapshot.last < self.directory().last() {
            // A database restored to an earlier state, or a standby that had not received the last changes.
            tracing::warn!(
                last = snapshot.last,
                known = self.directory().last(),
                "the database has lost changes of access that this node knew of; all are read again"
            );
            let ttl = self.policies().access_ttl;
            let all = self
                .access_since(From::Instant(now.before(ttl).before(MARGIN)))
                .await?;
            self.directory().start_over();
            self.directory().learn(all, now);
        } else {
            self.directory().learn(snapshot, now);
        }
        let ttl = self.policies().access_ttl;
        self.directory().forget_before(now.before(ttl).before(MARGIN));
        Ok(())
    }

    async fn access_since(&self, from: From) -> Result<AccessSnapshot> {
        let cx = RequestContext::system(SystemCaller::WORKER);
        self.read(&cx, ReadMode::Thread, move |view| Box::pin(read(view, from)))
            .await
    }
}

/// Reads everything in one snapshot, so that the number is that of the last change in it.
async fn read(view: &mut QueryContext<'_>, from: From) -> Result<AccessSnapshot> {
    let last = view.access_changes().current().await?;
    let since = match from {
        From::Number(number) => number,
        From::Instant(instant) => {
            let first = view.access_changes().first_since(instant).await?;
            first.map_or(last, |first| first - 1)
        }
    };
    let roles = view.roles().all().await?.into_iter();
    let roles = roles.map(|role| (role.name, role.permissions)).collect();
    let (mut users, mut ended) = (Vec::new(), Vec::new());
    if since < last {
        let scope = view.scope();
        users = view.users().access_facts_since(&scope, since).await?;
        let scope = view.scope();
        ended = view.sessions().ended_since(&scope, since).await?;
    }
    Ok(AccessSnapshot {
        roles,
        users,
        ended,
        last,
    })
}
