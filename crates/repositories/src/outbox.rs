//! The outbox: events on their way to subscribers.

use crate::dialect;
use crate::outcome::rows;
use crate::read::{BoundValue, Read, bound, params};
use mainstay_domain::Result;
use mainstay_domain::event::{OutboxEvent, PositionedEvent};
use mainstay_domain::id::{EventId, UserId};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{Authorized, DatabaseError, FromRow, Param, Row};

internal_changes! {
    INSERT: Outbox =
        "INSERT INTO outbox (id, at, kind, resource, resource_id, owner_id, user_id, request_id, payload) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    RELAYED: Outbox =
        "UPDATE outbox SET relayed_at = $2, position = coalesce(position, $3) WHERE id = $1 AND relayed_at IS NULL";
    PRUNE: Outbox =
        "DELETE FROM outbox WHERE relayed_at < $1";
}

macro_rules! positioned {
    ($condition:literal) => {
        concat!(
            "SELECT id, at, kind, resource, resource_id, owner_id, user_id, request_id, payload, position FROM outbox \
             WHERE position > $1 AND position <= $2",
            $condition,
            " ORDER BY position LIMIT $3"
        )
    };
}

statements! {
    IS_WAITING = "SELECT id FROM outbox WHERE relayed_at IS NULL LIMIT 1";
    ALL_AFTER = positioned!("");
    AFTER_OF_OWNER = positioned!(" AND owner_id = $4");
    AFTER_OF_RESOURCE = positioned!(" AND resource_id = $4 AND resource = $5");
    AFTER_OF_KINDS = positioned!(" AND (resource = $4 OR resource = $5)");
    LAST_EXPIRED = "SELECT max(position) FROM outbox WHERE relayed_at < $1";
}

impl FromRow for Read<PositionedEvent> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let Read(event) = Read::<OutboxEvent>::from_row(row)?;
        let position = row.next()?;
        Ok(Self(PositionedEvent { position, event }))
    }
}

/// Which relayed events to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventsOf<'e> {
    /// All of them.
    Everything,
    /// Those of resources that an account owns.
    Owner(UserId),
    /// Those of one resource, by its name and its id.
    Resource(&'static str, &'e str),
    /// Those of all resources of two names.
    Kinds([&'static str; 2]),
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

    /// Whether an event is not relayed yet; locks nothing.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn is_waiting(&mut self) -> Result<bool> {
        Ok(self.0.optional::<EventId>(&IS_WAITING, &[]).await?.is_some())
    }

    /// Relayed events after one position up to another, in order; at most `limit`.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn relayed(
        &mut self,
        of: EventsOf<'_>,
        after: i64,
        until: i64,
        limit: u32,
    ) -> Result<Vec<PositionedEvent>> {
        let found = match of {
            EventsOf::Everything => self.0.all(&ALL_AFTER, &[&after, &until, &limit]).await,
            EventsOf::Owner(owner) => {
                self.0
                    .all(&AFTER_OF_OWNER, &[&after, &until, &limit, &owner])
                    .await
            }
            EventsOf::Resource(name, id) => {
                self.0
                    .all(&AFTER_OF_RESOURCE, &[&after, &until, &limit, &id, &name])
                    .await
            }
            EventsOf::Kinds([name, other]) => {
                self.0
                    .all(&AFTER_OF_KINDS, &[&after, &until, &limit, &name, &other])
                    .await
            }
        };
        Ok(rows(found?))
    }

    /// The highest position among the events that were relayed before an instant.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn last_relayed_before(&mut self, before: Timestamp) -> Result<Option<i64>> {
        Ok(self.0.one(&LAST_EXPIRED, &[&before]).await?)
    }

    /// Marks events as relayed to subscribers, at the positions that follow `last`. An event that was relayed before keeps
    /// its position.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn mark_relayed(&mut self, events: &[EventId], last: i64, now: Timestamp) -> Result<()> {
        let positioned: Vec<(&EventId, i64)> = events.iter().zip(last + 1..).collect();
        let values: Vec<[&dyn Param; 3]> = positioned
            .iter()
            .map(|(id, position)| [*id as &dyn Param, &now, position])
            .collect();
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
