//! How far this node's clock is from the database's, which all nodes share.

use crate::node::Node;
use mainstay_domain::Result;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{Engine, ReadMode};
use mainstay_repositories::database_clock;
use parking_lot::Mutex;

/// How much clocks may differ without effect, in milliseconds. Leases of jobs tolerate 11 s between two nodes, so two
/// nodes that are this far from the database on either side still work together.
const TOLERANCE_MS: i64 = 5_000;

/// How far a node's clock is ahead of the database's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockSkew {
    /// Milliseconds; negative when the node's clock is behind.
    pub ms: i64,
    /// The error of `ms` in either direction, because the query and its answer took time.
    pub uncertainty_ms: i64,
}

impl ClockSkew {
    fn between(sent_at: Timestamp, database: Timestamp, received_at: Timestamp) -> Self {
        let round_trip = received_at.micros().saturating_sub(sent_at.micros()).max(0);
        let middle = sent_at.micros().saturating_add(round_trip / 2);
        Self {
            ms: middle.saturating_sub(database.micros()) / 1_000,
            uncertainty_ms: round_trip / 2_000,
        }
    }

    /// Whether the clocks certainly differ by more than five seconds.
    pub fn is_too_large(self) -> bool {
        self.ms.saturating_abs().saturating_sub(self.uncertainty_ms) > TOLERANCE_MS
    }
}

/// Measures the skew, and holds it as it was last measured.
pub struct ClockMonitor {
    node: Node,
    measured: Mutex<Option<ClockSkew>>,
}

impl ClockMonitor {
    /// A monitor that has measured nothing yet.
    pub fn new(node: Node) -> Self {
        Self {
            node,
            measured: Mutex::default(),
        }
    }

    /// Compares this node's clock with that of the PostgreSQL server, and records it in the log and the metrics.
    /// `None` on SQLite, which has no clock but this machine's.
    ///
    /// # Errors
    /// The database is unavailable; the last measured skew stays.
    pub async fn measure(&self) -> Result<Option<ClockSkew>> {
        if self.node.database.engine() == Engine::Sqlite {
            return Ok(None);
        }
        let sent_at = self.node.now();
        let read = self
            .node
            .read(ReadMode::Single, |tx| Box::pin(database_clock(tx)));
        let database = read.await?;
        let skew = ClockSkew::between(sent_at, database, self.node.now());
        self.node.metrics.clock_skew(skew.ms);
        let before = self.measured.lock().replace(skew);
        let was_too_large = before.is_some_and(ClockSkew::is_too_large);
        match (was_too_large, skew.is_too_large()) {
            (false, true) => tracing::error!(
                skew_ms = skew.ms,
                "this node's clock differs from the database's: synchronise both (NTP)"
            ),
            (true, false) => tracing::info!(
                skew_ms = skew.ms,
                "this node's clock agrees with the database's again"
            ),
            _ => {}
        }
        Ok(Some(skew))
    }

    /// The skew as it was last measured; `None` before, and on SQLite.
    pub fn skew(&self) -> Option<ClockSkew> {
        *self.measured.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_micros(ms * 1_000)
    }

    #[test]
    fn a_skew_counts_from_the_middle_of_the_round_trip_and_only_when_it_is_certain() {
        let skew = ClockSkew::between(at(10_000), at(4_000), at(10_200));
        assert_eq!((skew.ms, skew.uncertainty_ms), (6_100, 100));
        assert!(skew.is_too_large());
        let behind = ClockSkew::between(at(4_000), at(80_000), at(4_000));
        assert_eq!(behind.ms, -76_000);
        assert!(behind.is_too_large());
        assert!(!ClockSkew::between(at(10_000), at(6_000), at(10_000)).is_too_large());
        // Twelve seconds of waiting may explain a difference of six.
        assert!(!ClockSkew::between(at(0), at(0), at(12_000)).is_too_large());
    }
}
