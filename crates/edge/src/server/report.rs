//! Log lines about clients that were refused for lack of resources.

use crate::shares::Shares;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Seconds between two lines, however many requests are refused.
const PAUSE: u64 = 60;

/// Logs refusals at most once a minute, with the counts since the last line.
pub(super) struct Report {
    shares: Arc<Shares>,
    last: Refusals,
    seconds_to_wait: u64,
}

/// Number of refusals since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Refusals {
    full: u64,
    address: u64,
    accept: u64,
    stalled: u64,
    bodies: u64,
    responses: u64,
}

impl Report {
    pub(super) fn new(shares: Arc<Shares>) -> Self {
        Self {
            shares,
            last: Refusals::default(),
            seconds_to_wait: 0,
        }
    }

    /// Counts one second. Returns the counts that it logged, if any.
    pub(super) fn tick(&mut self) -> Option<Refusals> {
        self.seconds_to_wait = self.seconds_to_wait.saturating_sub(1);
        let now = self.read();
        if self.seconds_to_wait > 0 || now == self.last {
            return None;
        }
        let new = now.since(self.last);
        self.last = now;
        self.seconds_to_wait = PAUSE;
        let connections = &self.shares.connections;
        if new.full + new.address + new.accept > 0 {
            tracing::warn!(
                open = connections.count(),
                max_connections = connections.limit(),
                max_connections_per_address = connections.limit_of_address(),
                refused_because_full = new.full,
                refused_because_of_address = new.address,
                failed_to_accept = new.accept,
                "connections were refused: MAX_CONNECTIONS or MAX_CONNECTIONS_PER_ADDRESS was reached, or no file could be opened"
            );
        }
        if new.bodies + new.responses + new.stalled > 0 {
            tracing::warn!(
                refused_request_bodies = new.bodies,
                refused_responses = new.responses,
                closed_connections = new.stalled,
                "requests were refused or connections closed: clients hold more memory than BODY_BUDGET or RESPONSE_BUDGET allows, or do not read their responses"
            );
        }
        Some(new)
    }

    fn read(&self) -> Refusals {
        let counts = self.shares.connections.counts();
        Refusals {
            full: counts.refused_full.load(Relaxed),
            address: counts.refused_address.load(Relaxed),
            accept: counts.accept_failed.load(Relaxed),
            stalled: counts.closed_stalled.load(Relaxed),
            bodies: self.shares.bodies.refused(),
            responses: self.shares.responses.refused(),
        }
    }
}

impl Refusals {
    fn since(self, before: Self) -> Self {
        Self {
            full: self.full - before.full,
            address: self.address - before.address,
            accept: self.accept - before.accept,
            stalled: self.stalled - before.stalled,
            bodies: self.bodies - before.bodies,
            responses: self.responses - before.responses,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::EdgeOptions;

    #[test]
    fn the_first_refusal_is_reported_at_once_and_further_ones_after_a_minute() {
        let options = EdgeOptions {
            max_connections: 1,
            ..EdgeOptions::default()
        };
        let shares = Arc::new(Shares::new(&options));
        let mut report = Report::new(Arc::clone(&shares));
        assert_eq!(report.tick(), None);
        let peer = "192.0.2.1".parse().unwrap();
        let _slot = shares.connections.admit(peer).unwrap();
        let refuse = |times| (0..times).for_each(|_| assert!(shares.connections.admit(peer).is_err()));
        refuse(1);
        assert_eq!(report.tick().unwrap().full, 1);
        refuse(2);
        for _ in 1..PAUSE {
            assert_eq!(report.tick(), None);
        }
        assert_eq!(report.tick().unwrap().full, 2);
    }
}
