//! The repository of signing keys; their private keys are sealed.

use crate::outcome::rows;
use crate::read::Read;
use crate::row_filter;
use mainstay_domain::access::{Permit, Scope};
use mainstay_domain::key::SigningKey;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{DatabaseError, FromRow, Row};

statements! {
    ALL_KEYS = "SELECT id, kid, algorithm, sealed, public_key, created_at, retires_at FROM signing_keys \
                ORDER BY created_at, id";
    INSERT = "INSERT INTO signing_keys (id, kid, algorithm, sealed, public_key, created_at, retires_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    RETIRE = "UPDATE signing_keys SET retires_at = $2 WHERE id = $1";
}

impl FromRow for Read<SigningKey> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(SigningKey {
            id: row.next()?,
            kid: row.next()?,
            algorithm: row.next()?,
            sealed: row.next()?,
            public: row.next()?,
            created_at: row.next()?,
            retires_at: row.next()?,
        }))
    }
}

repository! {
    /// The table of signing keys.
    SigningKeys
}

impl SigningKeys<'_> {
    /// Every key, including retired ones, the oldest first; empty when the scope does not include all keys.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn all(&mut self, scope: &Scope<SigningKey>) -> Result<Vec<SigningKey>> {
        if !row_filter::all(scope) {
            return Ok(Vec::new());
        }
        Ok(rows(self.0.all(&ALL_KEYS, &[]).await?))
    }

    /// Inserts a new key.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn insert(&mut self, permit: &Permit<SigningKey>, key: &SigningKey) -> Result<()> {
        permit.covers(key)?;
        let done = self
            .0
            .execute(
                &INSERT,
                &[
                    &key.id,
                    &key.kid,
                    &key.algorithm,
                    &key.sealed,
                    &key.public,
                    &key.created_at,
                    &key.retires_at,
                ],
            )
            .await;
        done?;
        Ok(())
    }

    /// Sets the time from which on a key is no longer accepted.
    ///
    /// # Errors
    /// `NOT_FOUND` when the key does not exist.
    pub async fn retire(
        &mut self,
        permit: &Permit<SigningKey>,
        key: &SigningKey,
        at: Timestamp,
    ) -> Result<()> {
        permit.covers(key)?;
        match self.0.execute(&RETIRE, &[&key.id, &at]).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}
