//! The position of the last relayed event.

use crate::read::Read;
use mainstay_domain::Result;
use mainstay_domain::event::EventPositions;
use mainstay_platform::database::{DatabaseError, FromRow, Row};
use uuid::Uuid;

statements! {
    FIND = "SELECT epoch, last, pruned FROM outbox_positions WHERE id = 1";
}

internal_changes! {
    // Changes nothing of a row that exists: it locks the row, so that relays number their events one after another.
    LOCK: OutboxPositions =
        "INSERT INTO outbox_positions (id, epoch, last, pruned) VALUES (1, $1, 0, 0) \
         ON CONFLICT (id) DO UPDATE SET last = outbox_positions.last RETURNING epoch, last, pruned";
    ADVANCE: OutboxPositions =
        "UPDATE outbox_positions SET last = $1 WHERE id = 1";
    PRUNE: OutboxPositions =
        "UPDATE outbox_positions SET pruned = $1 WHERE id = 1 AND pruned < $1";
}

impl FromRow for Read<EventPositions> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(EventPositions {
            epoch: row.next()?,
            last: row.next()?,
            pruned: row.next()?,
        }))
    }
}

repository! {
    /// The positions of relayed events: numbers of the whole database.
    OutboxPositions
}

impl OutboxPositions<'_> {
    /// The positions; `None` before the first event was relayed.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn find(&mut self) -> Result<Option<EventPositions>> {
        let found: Option<Read<EventPositions>> = self.0.optional(&FIND, &[]).await?;
        Ok(found.map(|Read(positions)| positions))
    }

    /// The positions, which no other transaction changes until this one ends. `epoch` names the database where it has
    /// no name yet.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn lock(&mut self, epoch: Uuid) -> Result<EventPositions> {
        let found: Option<Read<EventPositions>> = self
            .0
            .execute_returning_optional(LOCK.exempt(), &[&epoch])
            .await?;
        Ok(found.map_or(
            EventPositions {
                epoch,
                last: 0,
                pruned: 0,
            },
            |Read(positions)| positions,
        ))
    }

    /// Stores the position of the last relayed event, after [`lock`](Self::lock).
    ///
    /// # Errors
    /// Only the database's.
    pub async fn advance(&mut self, last: i64) -> Result<()> {
        self.0.execute(ADVANCE.exempt(), &[&last]).await?;
        Ok(())
    }

    /// Records that events up to a position are no longer retained.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn set_pruned(&mut self, pruned: i64) -> Result<()> {
        self.0.execute(PRUNE.exempt(), &[&pruned]).await?;
        Ok(())
    }
}
