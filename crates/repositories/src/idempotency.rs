//! Stored results of earlier requests, by caller, operation and idempotency key.

use crate::read::{BoundValue, bound, params};
use mainstay_domain::Result;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{Authorized, DatabaseError, FromRow, Row};

statements! {
    FIND = "SELECT fingerprint, status, answer FROM idempotency_keys \
            WHERE caller_id = $1 AND operation = $2 AND key = $3 AND created_at >= $4";
}

internal_changes! {
    // A result that is too old to be replayed is overwritten.
    INSERT: IdempotencyKeys =
        "INSERT INTO idempotency_keys (caller_id, operation, key, fingerprint, status, answer, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (caller_id, operation, key) DO UPDATE SET \
         fingerprint = excluded.fingerprint, status = excluded.status, answer = excluded.answer, \
         created_at = excluded.created_at WHERE idempotency_keys.created_at < $8";
    PRUNE: IdempotencyKeys =
        "DELETE FROM idempotency_keys WHERE created_at < $1";
}

/// The status of a success; the status of a failure is the code of its error.
const OK: &str = "ok";

/// The stored result of an earlier request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResult {
    /// A digest of the request.
    pub fingerprint: Vec<u8>,
    /// The code of the error; `None` for a success.
    pub code: Option<String>,
    /// The result, as JSON text.
    pub answer: String,
}

/// A result to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStoredResult {
    /// The caller who sent the request.
    pub caller_id: UserId,
    /// The name of the use case.
    pub operation: String,
    /// The idempotency key of the request.
    pub key: String,
    /// A digest of the request.
    pub fingerprint: Vec<u8>,
    /// The code of the error; `None` for a success.
    pub code: Option<String>,
    /// The result, as JSON text.
    pub answer: String,
    /// When the request was answered.
    pub created_at: Timestamp,
    /// A result under the same key from before this instant is overwritten.
    pub not_before: Timestamp,
}

impl FromRow for StoredResult {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let (fingerprint, status) = (row.next()?, row.next::<String>()?);
        Ok(Self {
            fingerprint,
            code: Some(status).filter(|status| status != OK),
            answer: row.next()?,
        })
    }
}

repository! {
    /// The table of stored results.
    Idempotency
}

impl Idempotency<'_> {
    /// The result of a caller's earlier request under a key, if it is not from before `not_before`.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn find(
        &mut self,
        caller: UserId,
        operation: &str,
        key: &str,
        not_before: Timestamp,
    ) -> Result<Option<StoredResult>> {
        Ok(self
            .0
            .optional(&FIND, &[&caller, &operation, &key, &not_before])
            .await?)
    }

    /// Stores a result; false when another is stored under the same key. On PostgreSQL it waits for a concurrent
    /// transaction that is storing one.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn insert(&mut self, new: &NewStoredResult) -> Result<bool> {
        let (insert, values) = inserting(new);
        Ok(self.0.execute(insert, &params(&values)).await? == 1)
    }

    /// Removes results from before an instant; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.exempt(), &[&before]).await?)
    }
}

/// The statement that stores a result.
pub(crate) fn inserting(new: &NewStoredResult) -> (Authorized<'static>, Vec<BoundValue<'_>>) {
    let values = vec![
        bound(&new.caller_id),
        bound(&new.operation),
        bound(&new.key),
        bound(&new.fingerprint),
        bound(new.code.as_deref().unwrap_or(OK)),
        bound(&new.answer),
        bound(&new.created_at),
        bound(&new.not_before),
    ];
    (INSERT.exempt(), values)
}
