//! Reads the changes that other processes made from the database.
//!
//! Every node does so twice a second. It selects the changes with a greater number than the last one it read; the
//! database assigns the numbers in the order of the commits, so no clock decides what a node reads.

use super::directory::{AccessDirectory, AccessSnapshot};
use crate::node::Node;
use mainstay_domain::Result;
use mainstay_domain::access::{self, Caller, SystemCaller};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{ReadMode, Tx};
use mainstay_repositories::{AccessChanges, ApiKeys, Roles, Sessions, Users};
use std::sync::Arc;
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

/// Keeps a node's access directory up to date with the database.
pub struct AccessReader {
    node: Node,
    directory: Arc<AccessDirectory>,
    /// How long an access token is valid, and so how far back the directory reaches.
    access_ttl: Duration,
}

impl AccessReader {
    /// A reader that has read nothing yet.
    pub fn new(node: Node, directory: Arc<AccessDirectory>, access_ttl: Duration) -> Self {
        Self {
            node,
            directory,
            access_ttl,
        }
    }

    /// Reads all changes that a valid token could contradict; at the start, and whenever the database was
    /// unavailable.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn load(&self) -> Result<()> {
        self.apply_since(From::Instant(self.horizon(self.node.now())))
            .await
    }

    /// Reads the changes since the last one that was read.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn sync(&self) -> Result<()> {
        self.apply_since(From::Number(self.directory.last())).await
    }

    /// No token that is valid at `now` was signed earlier than this.
    fn horizon(&self, now: Timestamp) -> Timestamp {
        now.before(self.access_ttl).before(MARGIN)
    }

    async fn apply_since(&self, from: From) -> Result<()> {
        let now = self.node.now();
        let snapshot = self.snapshot(from).await?;
        if snapshot.last < self.directory.last() {
            // A database restored to an earlier state, or a standby that had not received the last changes.
            tracing::warn!(
                last = snapshot.last,
                known = self.directory.last(),
                "the database has lost changes of access that this node knew of; all are read again"
            );
            let all = self.snapshot(From::Instant(self.horizon(now))).await?;
            self.directory.start_over();
            self.directory.learn(all, now);
        } else {
            self.directory.learn(snapshot, now);
        }
        self.directory.forget_before(self.horizon(now));
        Ok(())
    }

    async fn snapshot(&self, from: From) -> Result<AccessSnapshot> {
        self.node
            .read(ReadMode::Thread, move |tx| Box::pin(read(tx, from)))
            .await
    }
}

/// Reads everything in one snapshot, so that the number is that of the last change in it.
async fn read(tx: &mut Tx, from: From) -> Result<AccessSnapshot> {
    let worker = Caller::System(SystemCaller::WORKER);
    let last = AccessChanges::new(tx).current().await?;
    let since = match from {
        From::Number(number) => number,
        From::Instant(instant) => {
            let first = AccessChanges::new(tx).first_since(instant).await?;
            first.map_or(last, |first| first - 1)
        }
    };
    let roles = Roles::new(tx).all().await?;
    let (mut users, mut ended, mut revoked_keys) = (Vec::new(), Vec::new(), Vec::new());
    if since < last {
        let scope = access::scope(&worker);
        users = Users::new(tx).access_facts_since(&scope, since).await?;
        let scope = access::scope(&worker);
        ended = Sessions::new(tx).ended_since(&scope, since).await?;
        let scope = access::scope(&worker);
        revoked_keys = ApiKeys::new(tx).revoked_since(&scope, since).await?;
    }
    Ok(AccessSnapshot {
        roles,
        users,
        ended,
        revoked_keys,
        last,
    })
}
