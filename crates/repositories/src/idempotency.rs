//! Answers that were given before, by whose request and under which key.

use crate::read::{Held, held, params};
use mainstay_domain::Result;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{DatabaseError, FromRow, Row, Sql};

statements! {
    FIND = "SELECT fingerprint, status, answer FROM idempotency_keys \
            WHERE caller_id = $1 AND operation = $2 AND key = $3 AND created_at >= $4";
    // What is too old to be told again makes room.
    INSERT = "INSERT INTO idempotency_keys (caller_id, operation, key, fingerprint, status, answer, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (caller_id, operation, key) DO UPDATE SET \
              fingerprint = excluded.fingerprint, status = excluded.status, answer = excluded.answer, \
              created_at = excluded.created_at WHERE idempotency_keys.created_at < $8";
    PRUNE = "DELETE FROM idempotency_keys WHERE created_at < $1";
}

/// What stands for success where else the code of an error does.
const OK: &str = "ok";

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// A digest of the request it was given to.
    pub fingerprint: Vec<u8>,
    /// The code of the error it was; `None` for a success.
    pub code: Option<String>,
    /// The answer, as JSON text.
    pub answer: String,
}

/// An answer to be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRemembered {
    /// Whose request it answers.
    pub caller_id: UserId,
    /// The use case.
    pub operation: String,
    /// The key that came with the request.
    pub key: String,
    /// A digest of the request.
    pub fingerprint: Vec<u8>,
    /// The code of the error it is; `None` for a success.
    pub code: Option<String>,
    /// The answer, as JSON text.
    pub answer: String,
    /// When it is given.
    pub created_at: Timestamp,
    /// An answer under the same key given before this instant is forgotten.
    pub not_before: Timestamp,
}

impl FromRow for Remembered {
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
    /// Answers that were given before.
    Idempotency
}

impl Idempotency<'_> {
    /// The answer given to a caller's request under a key, not before an instant.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn find(
        &mut self,
        caller: UserId,
        operation: &str,
        key: &str,
        not_before: Timestamp,
    ) -> Result<Option<Remembered>> {
        Ok(self
            .0
            .optional(&FIND, &[&caller, &operation, &key, &not_before])
            .await?)
    }

    /// Remembers an answer; false when another was given under the same key. On PostgreSQL it waits for whoever is
    /// about to give one.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn insert(&mut self, new: &NewRemembered) -> Result<bool> {
        let (sql, values) = inserting(new);
        Ok(self.0.execute(sql, &params(&values)).await? == 1)
    }

    /// Forgets answers given before an instant; gives how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(&PRUNE, &[&before]).await?)
    }
}

/// The statement that remembers an answer.
pub(crate) fn inserting(new: &NewRemembered) -> (&'static Sql, Vec<Held<'_>>) {
    let values = vec![
        held(&new.caller_id),
        held(&new.operation),
        held(&new.key),
        held(&new.fingerprint),
        held(new.code.as_deref().unwrap_or(OK)),
        held(&new.answer),
        held(&new.created_at),
        held(&new.not_before),
    ];
    (&INSERT, values)
}
