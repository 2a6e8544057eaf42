//! The outbox: events on their way to subscribers.

use crate::dialect;
use crate::outcome::rows;
use crate::read::{BoundValue, Read, bound, params};
use mainstay_domain::Result;
use mainstay_domain::event::OutboxEvent;
use mainstay_domain::id::EventId;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{Authorized, DatabaseError, FromRow, Param, Row};

internal_changes! {
    INSERT: Outbox =
        "INSERT INTO outbox (id, at, kind, resource, resource_id, owner_id, user_id, request_id, payload) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    RELAYED: Outbox =
        "UPDATE outbox SET relayed_at = $2 WHERE id = $1 AND relayed_at IS NULL";
    PRUNE: Outbox =
        "DELETE FROM outbox WHERE relayed_at < $1";
}

impl FromRow for Read<OutboxEvent> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(OutboxEvent {
            id: row.next()?,
            at: row.next()?,
            kind: row.next()?,
            resource: row.next()?,
            resource_id: row.next()?,
            owner: row.next()?,
            user_id: row.next()?,
            request_id: row.next()?,
            payload: row.next()?,
        }))
    }
}

repository! {
    /// The table of outbox events.
    Outbox
}

impl Outbox<'_> {
    /// Inserts an event. Called only by the function that runs use cases.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn insert(&mut self, event: &OutboxEvent) -> Result<()> {
        let (insert, values) = inserting(event);
        self.0.execute(insert, &params(&values)).await?;
        Ok(())
    }

    /// Events that are not relayed yet, the oldest first. On PostgreSQL they are locked against other relays until
    /// this transaction ends, so this must be called in a command, never in a query.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn waiting(&mut self, limit: u32) -> Result<Vec<OutboxEvent>> {
        Ok(rows(self.0.all(&dialect::OUTBOX_WAITING, &[&limit]).await?))
    }

    /// Marks events as relayed to subscribers.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn mark_relayed(&mut self, events: &[EventId], now: Timestamp) -> Result<()> {
        let values: Vec<[&dyn Param; 2]> = events.iter().map(|id| [id as &dyn Param, &now]).collect();
        let batch: Vec<(Authorized<'_>, &[&dyn Param])> = values
            .iter()
            .map(|values| (RELAYED.exempt(), values.as_slice()))
            .collect();
        self.0.batch(&batch).await?;
        Ok(())
    }

    /// Removes events that were relayed before an instant; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.exempt(), &[&before]).await?)
    }
}

/// The statement that inserts an event.
pub(crate) fn inserting(event: &OutboxEvent) -> (Authorized<'static>, Vec<BoundValue<'_>>) {
    let values = vec![
        bound(&event.id),
        bound(&event.at),
        bound(&event.kind),
        bound(&event.resource),
        bound(&event.resource_id),
        bound(&event.owner),
        bound(&event.user_id),
        bound(&event.request_id),
        bound(&event.payload),
    ];
    (INSERT.exempt(), values)
}
