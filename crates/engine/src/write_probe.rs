//! Whether the storage takes writes, found out without writing where that is possible.

use crate::node::Node;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Isolation, LastWrite};
use mainstay_platform::stopwatch::Stopwatch;
use std::time::Duration;
use tokio::sync::Mutex;

/// A write that succeeded within this time proves that the storage takes writes.
const FRESH: Duration = Duration::from_secs(10);
/// Between two probes while the storage refuses; a check that comes sooner gets the last result.
const PAUSE: Duration = Duration::from_secs(1);
/// A write that takes longer counts as refused.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of a probe after the storage refused a write: a single page may still fit where an order does not.
const PADDING: usize = 64 << 10;

/// Finds out whether the storage takes writes.
pub(crate) struct WriteProbe {
    node: Node,
    /// The last probe that the storage refused, if nothing has been written since.
    refused: Mutex<Option<Stopwatch>>,
}

impl WriteProbe {
    pub(crate) fn new(node: Node) -> Self {
        Self {
            node,
            refused: Mutex::default(),
        }
    }

    /// Whether the storage takes writes: a write was committed within the last ten seconds and none was refused
    /// since, or a meaningless row can be written now. One probe runs at a time, and at most one refused probe a
    /// second.
    pub(crate) async fn takes_writes(&self) -> bool {
        if self.wrote_lately() {
            return true;
        }
        let mut refused = self.refused.lock().await;
        if self.wrote_lately() {
            *refused = None;
            return true;
        }
        if refused.is_some_and(|since| since.elapsed() < PAUSE) {
            return false;
        }
        let probed = tokio::time::timeout(PROBE_TIMEOUT, self.probe()).await;
        match probed.unwrap_or(Err(Error::Timeout)) {
            Ok(()) => {
                if refused.take().is_some() {
                    tracing::info!("the database accepts writes again");
                }
                true
            }
            Err(error) => {
                if refused.replace(Stopwatch::start()).is_none() {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::error!(%error, cause, "the database takes no writes; reads go on");
                }
                false
            }
        }
    }

    fn wrote_lately(&self) -> bool {
        matches!(self.node.database.last_write(), Some(LastWrite::Committed(ago)) if ago < FRESH)
    }

    async fn probe(&self) -> Result<()> {
        let length = match self.node.database.last_write() {
            Some(LastWrite::Refused) => PADDING,
            _ => 0,
        };
        // Bytes that compress badly: compressed ones would need less space than orders do.
        let mut bytes = vec![0; length];
        self.node.random.fill(&mut bytes);
        let padding: String = bytes.iter().map(|byte| char::from(b' ' + byte % 95)).collect();
        self.node
            .database
            .write(Isolation::ReadCommitted, move |tx| {
                let padding = padding.clone();
                Box::pin(async move { mainstay_repositories::write_probe(tx, &padding).await })
            })
            .await
    }
}
