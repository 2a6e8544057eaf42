//! The repository of signing keys; their private keys are sealed.

use crate::outcome::rows;
use crate::record;
use crate::row_filter;
use crate::rows::{Rows, Table};
use mainstay_domain::access::{Action, Permit, Scope};
use mainstay_domain::key::SigningKey;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::Change;

record! {
    SigningKey as columns { id, kid, algorithm, sealed, public ["public_key"], created_at, signs_from, retires_at }
}

impl Table for SigningKey {
    const TABLE: &'static str = "signing_keys";
    const INSERT: &'static [Action] = &[SigningKey::CREATE];
}

statements! {
    ALL_KEYS = concat!("SELECT ", columns!(), " FROM signing_keys ORDER BY created_at, id");
}

changes! {
    RETIRE: Change<SigningKey>, "signing_keys", [SigningKey::ROTATE] =
        "UPDATE signing_keys SET retires_at = $2 WHERE id = $1";
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
        Rows::new(self.0).insert(permit, key).await
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
        let retire = RETIRE.authorize(permit, key)?;
        match self.0.execute(retire, &[&key.id, &at]).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}
