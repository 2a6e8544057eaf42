//! Denied and suspicious attempts: counted in memory, written once a second. A flood of them costs a counter,
//! not a write each.

use crate::context::Context;
use crate::services::Services;
use mainstay_domain::error::{Denied, Error, Result, Unauthenticated};
use mainstay_domain::id::{Id, SecurityEventId, UserId};
use mainstay_domain::security::{SecurityEvent, SecurityEventKind};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::Isolation;
use mainstay_repositories::SecurityEvents;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// So many different attempts are told apart between two writes; what is beyond is counted in metrics only.
const MOST: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Attempt {
    kind: SecurityEventKind,
    user_id: Option<UserId>,
    ip: Option<IpAddr>,
    user_agent: Option<Arc<str>>,
    operation: &'static str,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    count: i64,
    first_at: Timestamp,
    last_at: Timestamp,
}

/// Attempts that are not written yet.
#[derive(Default)]
pub struct SecurityLog(Mutex<HashMap<Attempt, Count>>);

impl SecurityLog {
    /// Counts a refusal, when it is one that somebody should see.
    pub(crate) fn refused(&self, cx: &Context, operation: &'static str, error: &Error, now: Timestamp) {
        let Some(kind) = kind_of(error) else { return };
        let attempt = Attempt {
            kind,
            user_id: cx.caller.user_id(),
            ip: cx.origin.ip,
            user_agent: cx.origin.user_agent.clone(),
            operation,
        };
        let mut counts = self.0.lock();
        if counts.len() >= MOST && !counts.contains_key(&attempt) {
            return;
        }
        let count = counts.entry(attempt).or_insert(Count {
            count: 0,
            first_at: now,
            last_at: now,
        });
        count.count += 1;
        count.last_at = now;
    }

    fn take(&self) -> HashMap<Attempt, Count> {
        std::mem::take(&mut self.0.lock())
    }
}

fn kind_of(error: &Error) -> Option<SecurityEventKind> {
    Some(match error {
        Error::Unauthenticated(Unauthenticated::Credentials) => SecurityEventKind::LoginFailed,
        Error::Unauthenticated(Unauthenticated::Reused) => SecurityEventKind::RefreshTokenReused,
        Error::Unauthenticated(_) => SecurityEventKind::UnauthorizedAccess,
        Error::Denied(Denied::Permission(_) | Denied::Role) => SecurityEventKind::InsufficientPermissions,
        Error::Denied(Denied::Ownership) => SecurityEventKind::ResourceAccessDenied,
        Error::Limited { .. } => SecurityEventKind::RateLimited,
        _ => return None,
    })
}

impl Services {
    /// Counts an attempt that a door refused before any use case was reached: a bad token.
    pub fn note_refused(&self, cx: &Context, operation: &'static str, error: &Error) {
        self.security().refused(cx, operation, error, self.now());
    }

    /// Writes what was counted since the last time.
    ///
    /// # Errors
    /// The database is away; the counts of this interval are lost, which the log says.
    pub async fn flush_security(&self) -> Result<usize> {
        let counts = self.security().take();
        if counts.is_empty() {
            return Ok(0);
        }
        let (now, random) = (self.now(), &*self.parts().random);
        let events = counts
            .into_iter()
            .map(|(attempt, count)| event(attempt, count, now, random));
        let events: Arc<[SecurityEvent]> = events.collect();
        let lost = events.len();
        let write = self.database().write(Isolation::ReadCommitted, {
            let events = Arc::clone(&events);
            move |tx| {
                let events = Arc::clone(&events);
                Box::pin(async move { SecurityEvents::new(tx).record(&events).await })
            }
        });
        write
            .await
            .inspect_err(|error| tracing::error!(%error, lost, "security events could not be written"))?;
        Ok(lost)
    }
}

fn event(
    attempt: Attempt,
    count: Count,
    now: Timestamp,
    random: &dyn mainstay_domain::random::Random,
) -> SecurityEvent {
    SecurityEvent {
        id: SecurityEventId::make(now, random),
        kind: attempt.kind.as_str().to_owned(),
        user_id: attempt.user_id,
        ip: attempt.ip.map(|ip| ip.to_string()),
        user_agent: attempt.user_agent.map(|agent| agent.to_string()),
        operation: attempt.operation.to_owned(),
        resource: attempt.operation.split_once('.').map(|(noun, _)| noun.to_owned()),
        resource_id: None,
        count: count.count,
        first_at: count.first_at,
        last_at: count.last_at,
    }
}
