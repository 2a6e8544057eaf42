//! When sessions were last used: collected in memory, and written by a background task.

use super::authentication::Authentication;
use crate::node::Node;
use mainstay_domain::access::{Credential, SystemCaller, permit_all};
use mainstay_domain::error::Result;
use mainstay_domain::id::SessionId;
use mainstay_domain::session::Session;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::Isolation;
use mainstay_repositories::Sessions;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A session is written at most this often, however much it is used.
const INTERVAL: Duration = Duration::from_mins(1);
/// How many sessions may wait to be written, should nothing write them.
const MAX_WAITING: usize = 100_000;

/// The sessions that were used since the last write. A request costs an atomic operation, and once a minute an entry
/// here; never a write.
pub struct LastSeen {
    node: Node,
    waiting: Mutex<HashSet<SessionId>>,
}

impl LastSeen {
    /// No session was used yet.
    pub fn new(node: Node) -> Self {
        Self {
            node,
            waiting: Mutex::default(),
        }
    }

    /// Notes that a token of a session is used.
    pub(super) fn note(&self, authentication: &Authentication, now: Timestamp) {
        let minute = now.seconds().div_euclid(60);
        if authentication.seen_minute.swap(minute, Ordering::Relaxed) == minute {
            return;
        }
        let Credential::Session(session) = authentication.principal.credential else {
            return;
        };
        let mut waiting = self.waiting.lock();
        if waiting.len() < MAX_WAITING {
            waiting.insert(session);
        }
    }

    /// Writes that the sessions which were used since the last call are in use now; returns how many rows changed. Those
    /// that were written within the last minute stay as they are.
    ///
    /// # Errors
    /// The database is unavailable; the next call writes them.
    pub async fn flush(&self) -> Result<u64> {
        let seen: Vec<SessionId> = self.waiting.lock().drain().collect();
        if seen.is_empty() {
            return Ok(0);
        }
        let (now, seen) = (self.node.now(), Arc::<[SessionId]>::from(seen));
        let written = self.node.database.write(Isolation::ReadCommitted, {
            let seen = Arc::clone(&seen);
            move |tx| {
                let seen = Arc::clone(&seen);
                Box::pin(async move {
                    let permit = permit_all(SystemCaller::SWEEPER, Session::SEEN);
                    let mut sessions = Sessions::new(tx);
                    let before = now.before(INTERVAL);
                    sessions.seen(&permit, &seen, now, before).await
                })
            }
        });
        let written = written.await;
        if written.is_err() {
            self.waiting.lock().extend(seen.iter().copied());
        }
        written
    }
}
