//! Denied and suspicious attempts: counted in memory and written once a second. A flood of them costs a counter, not a
//! write each, and adds a bounded number of rows a minute to the database, wherever it comes from.

use crate::node::Node;
use crate::request_context::RequestContext;
use mainstay_domain::error::{Denied, Error, Result, Unauthenticated};
use mainstay_domain::id::{SecurityEventId, UserId};
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

/// How many different attempts of one kind get a row of their own in a minute; the rest share one row. The bound is per
/// kind, so that a flood of what any client can trigger hides nothing of what few can.
const MAX_DISTINCT: usize = 100;
/// How many different attempts may wait to be written, should nothing write them.
const MAX_WAITING: usize = 10_000;
/// The operation of the row that all attempts beyond the bound share.
const OTHERS: &str = "others";

/// What makes two attempts the same: nothing that a client can make up anew each time.
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
    /// That of the last attempt.
    user_agent: Option<Arc<str>>,
}

/// Counts attempts, and writes them to the database.
pub struct SecurityLog {
    node: Node,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    counts: HashMap<Attempt, Count>,
    minute: i64,
    distinct: HashMap<SecurityEventKind, HashSet<Attempt>>,
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

    /// The attempt itself, or beyond the bounds the shared one.
    fn within_bounds(&mut self, attempt: Attempt, now: Timestamp) -> Attempt {
        let minute = now.seconds().div_euclid(60);
        if self.minute != minute {
            self.minute = minute;
            self.distinct.clear();
        }
        let known = self.distinct.entry(attempt.kind).or_default();
        let has_capacity = known.len() < MAX_DISTINCT && self.counts.len() < MAX_WAITING;
        if known.contains(&attempt) || has_capacity && known.insert(attempt.clone()) {
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

/// The client's network: its IPv4 address, or its IPv6 /64, which is the least that one subscriber has.
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
        Error::Unauthenticated(Unauthenticated::Credentials | Unauthenticated::Passkey) => {
            SecurityEventKind::LoginFailed
        }
        Error::Unauthenticated(Unauthenticated::Factor | Unauthenticated::PasskeyFactor) => {
            SecurityEventKind::MfaFailed
        }
        Error::Unauthenticated(Unauthenticated::PasskeyCopied) => SecurityEventKind::PasskeyCopied,
        Error::Unauthenticated(Unauthenticated::Reused) => SecurityEventKind::RefreshTokenReused,
        Error::Unauthenticated(_) => SecurityEventKind::UnauthorizedAccess,
        Error::Denied(Denied::Network) => SecurityEventKind::ApiKeyForeignNetwork,
        Error::Denied(
            Denied::Permission(_) | Denied::Role | Denied::Session | Denied::Rank | Denied::NotHeld,
        ) => SecurityEventKind::InsufficientPermissions,
        Error::Denied(Denied::Ownership) => SecurityEventKind::ResourceAccessDenied,
        Error::Limited { .. } | Error::LockedOut { .. } => SecurityEventKind::RateLimited,
        _ => return None,
    })
}

impl SecurityLog {
    /// A log in which no attempt waits.
    pub fn new(node: Node) -> Self {
        Self {
            node,
            waiting: Mutex::default(),
        }
    }

    /// Counts a refused request, if the refusal is a security event. An interface calls it for what it refuses before
    /// any use case is reached, such as a bad token. The metric counts every one, also those that share a row.
    pub fn note_refused(&self, cx: &RequestContext, operation: &'static str, error: &Error) {
        if let Some(kind) = kind_of(error) {
            let user_id = cx.caller.user_id().or_else(|| cx.notes.account());
            self.note(cx, operation, kind, user_id);
        }
    }

    /// Counts an event about an account.
    pub(crate) fn note(
        &self,
        cx: &RequestContext,
        operation: &'static str,
        kind: SecurityEventKind,
        user_id: Option<UserId>,
    ) {
        self.node.metrics.security_event(kind.as_str());
        let attempt = Attempt {
            kind,
            user_id,
            network: cx.origin.ip.map(network),
            operation,
        };
        let agent = cx.origin.user_agent.clone();
        self.waiting.lock().count(attempt, agent, self.node.now());
    }

    /// Writes the attempts counted since the last call; returns the number of rows.
    ///
    /// # Errors
    /// The database is unavailable; the counts of this interval are lost, and an error is logged.
    pub async fn flush(&self) -> Result<usize> {
        let counts = std::mem::take(&mut self.waiting.lock().counts);
        if counts.is_empty() {
            return Ok(0);
        }
        let (now, random) = (self.node.now(), &*self.node.random);
        let events = counts
            .into_iter()
            .map(|(attempt, count)| event(attempt, count, now, random));
        let events: Arc<[SecurityEvent]> = events.collect();
        let lost = events.len();
        let write = self.node.database.write(Isolation::ReadCommitted, {
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
    fn a_flood_from_many_networks_adds_a_bounded_number_of_rows_a_minute() {
        let (mut waiting, now) = (Waiting::default(), Timestamp::from_seconds(600));
        flood(&mut waiting, 0..1000, now);
        assert_eq!(waiting.counts.len(), MAX_DISTINCT + 1);
        let others = waiting
            .counts
            .iter()
            .find(|(attempt, _)| attempt.operation == OTHERS);
        assert_eq!(others.map(|(_, count)| count.count), Some(900));
        // The counts were written meanwhile, but the minute's bound still holds.
        waiting.counts.clear();
        flood(&mut waiting, 1000..2000, now);
        assert_eq!(waiting.counts.len(), 1);
        let kind = SecurityEventKind::RefreshTokenReused;
        waiting.count(attempt("192.0.2.1", kind), None, now);
        assert_eq!(waiting.counts.len(), 2, "another kind has a bound of its own");
        flood(&mut waiting, 0..1000, Timestamp::from_seconds(660));
        assert_eq!(waiting.counts.len(), MAX_DISTINCT + 2);
    }

    #[test]
    fn an_ipv6_subscriber_counts_as_one_network() {
        let network_text = |ip: &str| ip.parse().map(|ip| text(network(ip))).unwrap_or_default();
        assert_eq!(network_text("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network_text("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
