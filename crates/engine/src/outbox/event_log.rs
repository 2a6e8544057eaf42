//! The relayed events, in the order of their positions.

use crate::node::Node;
use mainstay_domain::event::{EventPositions, PositionedEvent};
use mainstay_domain::id::uuid_v7;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Isolation, ReadMode, Tx};
use mainstay_repositories::{EventsOf, Outbox, OutboxPositions};
use tokio::sync::Notify;
use uuid::Uuid;

/// Reads relayed events: those of every node, not only of this one.
pub struct EventLog(Node);

impl EventLog {
    /// The log of this node's database.
    pub fn new(node: Node) -> Self {
        Self(node)
    }

    /// Notified when this node relayed events. Those that other nodes relayed are found by reading.
    pub fn wakes(&self) -> &Notify {
        &self.0.wakes.relayed
    }

    /// How far the relays are. Names the database where it has no name yet.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn begin(&self) -> Result<EventPositions> {
        let epoch = uuid_v7(self.0.now(), &*self.0.random);
        let found = self
            .0
            .read(ReadMode::InPlace, |tx| Box::pin(positions(tx)))
            .await?;
        if !found.epoch.is_nil() {
            return Ok(found);
        }
        self.0
            .database
            .write(Isolation::ReadCommitted, move |tx| {
                Box::pin(async move { OutboxPositions::new(tx).lock(epoch).await })
            })
            .await
    }

    /// The events after a position, in order; at most `limit`. Access is checked where they are delivered.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn after(&self, position: i64, limit: u32) -> Result<Vec<PositionedEvent>> {
        self.0
            .read(ReadMode::InPlace, move |tx| {
                Box::pin(async move {
                    let everything = EventsOf::Everything;
                    Outbox::new(tx)
                        .relayed(everything, position, i64::MAX, limit)
                        .await
                })
            })
            .await
    }
}

/// The positions in a snapshot; before the first event was relayed, those of a log that is empty.
///
/// # Errors
/// Only the database's.
pub async fn positions(tx: &mut Tx) -> Result<EventPositions, Error> {
    let found = OutboxPositions::new(tx).find().await?;
    Ok(found.unwrap_or(EventPositions {
        epoch: Uuid::nil(),
        last: 0,
        pruned: 0,
    }))
}
