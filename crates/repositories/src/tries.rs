//! Tries at what can be guessed, counted under digests: the table names neither addresses nor networks.

use crate::read::Read;
use mainstay_domain::Result;
use mainstay_domain::time::Timestamp;
use mainstay_domain::tries::TryCount;
use mainstay_platform::database::{Authorized, DatabaseError, FromRow, Param, Row};

internal_changes! {
    // Changes nothing of a row that exists: it locks the row, so that concurrent tries are counted one after another.
    LOCK: Tries =
        "INSERT INTO tries (digest, taken, last_at, forgotten_at, reported) VALUES ($1, 0, $2, $2, FALSE) \
         ON CONFLICT (digest) DO UPDATE SET taken = tries.taken RETURNING taken, last_at, forgotten_at, reported";
    STORE: Tries =
        "UPDATE tries SET taken = $2, last_at = $3, forgotten_at = $4, reported = $5 WHERE digest = $1";
    GIVE_BACK: Tries =
        "UPDATE tries SET taken = taken - 1 WHERE digest = $1 AND taken > 0";
    FORGET: Tries =
        "DELETE FROM tries WHERE digest = $1";
    PRUNE: Tries =
        "DELETE FROM tries WHERE forgotten_at < $1";
}

impl FromRow for Read<TryCount> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(TryCount {
            taken: row.next()?,
            last_at: row.next()?,
            forgotten_at: row.next()?,
            reported: row.next()?,
        }))
    }
}

repository! {
    /// The table of tries. It is written before the caller is known, so neither scope nor permit is required.
    Tries
}

impl Tries<'_> {
    /// The count under a digest, which no other transaction changes until this one ends.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn lock(&mut self, digest: &[u8; 32], now: Timestamp) -> Result<TryCount> {
        let found: Option<Read<TryCount>> = self
            .0
            .execute_returning_optional(LOCK.exempt(), &[digest, &now])
            .await?;
        Ok(found.map_or(TryCount::none(now), |Read(count)| count))
    }

    /// Stores counts that this transaction has locked.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn store(&mut self, counts: &[([u8; 32], TryCount)]) -> Result<()> {
        let rows: Vec<[&dyn Param; 5]> = counts
            .iter()
            .map(|(digest, count)| -> [&dyn Param; 5] {
                [
                    digest,
                    &count.taken,
                    &count.last_at,
                    &count.forgotten_at,
                    &count.reported,
                ]
            })
            .collect();
        let batch: Vec<(Authorized<'_>, &[&dyn Param])> = rows
            .iter()
            .map(|values| (STORE.exempt(), values.as_slice()))
            .collect();
        self.0.batch(&batch).await?;
        Ok(())
    }

    /// Counts one try less under a digest.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn give_back(&mut self, digest: &[u8; 32]) -> Result<()> {
        self.0.execute(GIVE_BACK.exempt(), &[digest]).await?;
        Ok(())
    }

    /// Forgets all tries under a digest.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn forget(&mut self, digest: &[u8; 32]) -> Result<()> {
        self.0.execute(FORGET.exempt(), &[digest]).await?;
        Ok(())
    }

    /// Removes counts that were forgotten before an instant; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.exempt(), &[&before]).await?)
    }
}
