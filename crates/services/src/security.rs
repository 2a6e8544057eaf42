//! Denied and suspicious attempts: counted in memory, written once a second. A flood of them costs a counter,
//! not a write each, and fills the database no faster than so many rows a minute, wherever it comes from.

use crate::context::Context;
use crate::services::Services;
use mainstay_domain::error::{Denied, Error, Result, Unauthenticated};
use mainstay_domain::id::{Id, SecurityEventId, UserId};
use mainstay_domain::random::Random;
use mainstay_domain::security::{SecurityEvent, SecurityEventKind};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::Isolation;
use mainstay_platform::network::canonical;
use mainstay_repositories::SecurityEvents;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// So many different attempts of one kind are told apart in a minute; those beyond are one row. Of each kind, so that a
/// flood of what anybody can do hides nothing of what few can.
const MOST: usize = 100;
/// So many wait to be written, should nobody write them.
const MOST_WAITING: usize = 10_000;
/// The operation of the row for all that are not told apart.
const OTHERS: &str = "others";

/// What makes two attempts the same: nothing that a stranger can make up anew each time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Attempt {
    kind: SecurityEventKind,
    user_id: Option<UserId>,
    network: Option<IpAddr>,
    operation: &'static str,
}

#[derive(Debug, Clone)]
struct Count {
    count: i64,
    first_at: Timestamp,
    last_at: Timestamp,
    /// The last one's.
    user_agent: Option<Arc<str>>,
}

/// Attempts that are not written yet.
#[derive(Default)]
pub struct SecurityLog(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    counts: HashMap<Attempt, Count>,
    minute: i64,
    told_apart: HashMap<SecurityEventKind, HashSet<Attempt>>,
}

impl SecurityLog {
    fn note(&self, cx: &Context, operation: &'static str, kind: SecurityEventKind, now: Timestamp) {
        let attempt = Attempt {
            kind,
            user_id: cx.caller.user_id(),
            network: cx.origin.ip.map(network),
            operation,
        };
        self.0.lock().count(attempt, cx.origin.user_agent.clone(), now);
    }

    fn take(&self) -> HashMap<Attempt, Count> {
        std::mem::take(&mut self.0.lock().counts)
    }
}

impl Waiting {
    fn count(&mut self, attempt: Attempt, user_agent: Option<Arc<str>>, now: Timestamp) {
        let attempt = self.within_bounds(attempt, now);
        let count = self.counts.entry(attempt).or_insert(Count {
            count: 0,
            first_at: now,
            last_at: now,
            user_agent: None,
        });
        count.count += 1;
        count.last_at = now;
        count.user_agent = user_agent;
    }

    /// The attempt, or the one that stands for all that are not told apart.
    fn within_bounds(&mut self, attempt: Attempt, now: Timestamp) -> Attempt {
        let minute = now.seconds().div_euclid(60);
        if self.minute != minute {
            self.minute = minute;
            self.told_apart.clear();
        }
        let known = self.told_apart.entry(attempt.kind).or_default();
        let room = known.len() < MOST && self.counts.len() < MOST_WAITING;
        if known.contains(&attempt) || room && known.insert(attempt.clone()) {
            return attempt;
        }
        Attempt {
            kind: attempt.kind,
            user_id: None,
            network: None,
            operation: OTHERS,
        }
    }
}

/// Where somebody comes from: an address, or of IPv6 the /64 network, which is what one subscriber has at least.
fn network(ip: IpAddr) -> IpAddr {
    match canonical(ip) {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        ip @ IpAddr::V4(_) => ip,
    }
}

fn text(network: IpAddr) -> String {
    match network {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("{ip}/64"),
    }
}

fn kind_of(error: &Error) -> Option<SecurityEventKind> {
    Some(match error {
        Error::Unauthenticated(Unauthenticated::Credentials) => SecurityEventKind::LoginFailed,
        Error::Unauthenticated(Unauthenticated::Reused) => SecurityEventKind::RefreshTokenReused,
        Error::Unauthenticated(_) => SecurityEventKind::UnauthorizedAccess,
        Error::Denied(Denied::Permission(_) | Denied::Role) => SecurityEventKind::InsufficientPermissions,
        Error::Denied(Denied::Ownership) => SecurityEventKind::ResourceAccessDenied,
        Error::Limited { .. } | Error::LockedOut { .. } => SecurityEventKind::RateLimited,
        _ => return None,
    })
}

impl Services {
    /// Counts a refusal, when it is one that somebody should see. A door calls it for what it refuses before any use
    /// case is reached: a bad token. The metric counts every one, also those that are not told apart.
    pub fn note_refused(&self, cx: &Context, operation: &'static str, error: &Error) {
        let Some(kind) = kind_of(error) else { return };
        self.parts().metrics.security_event(kind.as_str());
        self.security().note(cx, operation, kind, self.now());
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

fn event(attempt: Attempt, count: Count, now: Timestamp, random: &dyn Random) -> SecurityEvent {
    SecurityEvent {
        id: SecurityEventId::make(now, random),
        kind: attempt.kind.as_str().to_owned(),
        user_id: attempt.user_id,
        ip: attempt.network.map(text),
        user_agent: count.user_agent.map(|agent| agent.to_string()),
        operation: attempt.operation.to_owned(),
        resource: attempt.operation.split_once('.').map(|(noun, _)| noun.to_owned()),
        resource_id: None,
        count: count.count,
        first_at: count.first_at,
        last_at: count.last_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(ip: &str, kind: SecurityEventKind) -> Attempt {
        Attempt {
            kind,
            user_id: None,
            network: ip.parse().ok().map(network),
            operation: "order.list",
        }
    }

    fn flood(waiting: &mut Waiting, from: std::ops::Range<u16>, now: Timestamp) {
        for number in from {
            let ip = format!("2001:db8:{number:x}::1");
            waiting.count(attempt(&ip, SecurityEventKind::UnauthorizedAccess), None, now);
        }
    }

    #[test]
    fn a_flood_from_everywhere_is_so_many_rows_a_minute_and_one() {
        let (mut waiting, now) = (Waiting::default(), Timestamp::from_seconds(600));
        flood(&mut waiting, 0..1000, now);
        assert_eq!(waiting.counts.len(), MOST + 1);
        let others = waiting
            .counts
            .iter()
            .find(|(attempt, _)| attempt.operation == OTHERS);
        assert_eq!(others.map(|(_, count)| count.count), Some(900));
        // Written meanwhile, the minute's bound stays.
        waiting.counts.clear();
        flood(&mut waiting, 1000..2000, now);
        assert_eq!(waiting.counts.len(), 1);
        let kind = SecurityEventKind::RefreshTokenReused;
        waiting.count(attempt("192.0.2.1", kind), None, now);
        assert_eq!(waiting.counts.len(), 2, "another kind has room of its own");
        flood(&mut waiting, 0..1000, Timestamp::from_seconds(660));
        assert_eq!(waiting.counts.len(), MOST + 2);
    }

    #[test]
    fn one_subscriber_is_one_network() {
        let shown = |ip: &str| ip.parse().map(|ip| text(network(ip))).unwrap_or_default();
        assert_eq!(shown("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(shown("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
