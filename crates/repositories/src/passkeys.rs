//! The repository of passkeys, with their public keys.

use crate::outcome::{expect_one_row, rows, unique_violation};
use crate::read::Read;
use crate::record;
use crate::record::Record as _;
use crate::row_filter::{RowFilter, all, owned};
use crate::rows::Table;
use mainstay_domain::Result;
use mainstay_domain::access::{Action, Permit, Scope};
use mainstay_domain::id::UserId;
use mainstay_domain::passkey::Passkey;
use mainstay_domain::user::User;
use mainstay_platform::database::{Change, DatabaseError, FromRow, Param, Row};

record! {
    Passkey as columns {
        id, user_id, name, credential_id, counter, backup_eligible, backed_up, created_at, last_used_at
    }
}

impl Table for Passkey {
    const TABLE: &'static str = "passkeys";
    const OWNER: Option<&'static str> = Some("user_id");
    const DELETE: &'static [Action] = &[Passkey::REMOVE];
}

statements! {
    BY_CREDENTIAL = concat!("SELECT ", columns!(), ", credential FROM passkeys WHERE credential_id = $1");
    ALL_OF = concat!("SELECT ", columns!(), " FROM passkeys WHERE user_id = $1 ORDER BY id");
    COUNT_OF = "SELECT count(*) FROM passkeys WHERE user_id = $1";
}

changes! {
    INSERT: Change<Passkey>, "passkeys", [Passkey::REGISTER] =
        "INSERT INTO passkeys (id, user_id, name, credential_id, credential, counter, backup_eligible, backed_up, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    RENAME: Change<Passkey>, "passkeys", [Passkey::RENAME] =
        "UPDATE passkeys SET name = $2 WHERE id = $1";
    USE: Change<Passkey>, "passkeys", [Passkey::USE] =
        "UPDATE passkeys SET counter = $2, backed_up = $3, last_used_at = $4 WHERE id = $1 AND counter = $5";
    REMOVE_ALL: Change<User>, "passkeys", [User::CONFIRM_EMAIL, User::RESET_FACTORS, User::DELETE] =
        "DELETE FROM passkeys WHERE user_id = $1";
}

/// A passkey with its public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPasskey {
    /// The passkey.
    pub passkey: Passkey,
    /// Its public key and what its registration said: JSON, in the form of `mainstay_platform::crypto::passkey`.
    pub credential: String,
}

impl FromRow for StoredPasskey {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            passkey: Passkey::read(row)?,
            credential: row.next()?,
        })
    }
}

repository! {
    /// The table of passkeys.
    Passkeys
}

impl Passkeys<'_> {
    /// Finds a passkey by the id that its authenticator chose; `None` also when the scope does not include every
    /// passkey: a client that presents one is not known yet.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn find_by_credential(
        &mut self,
        scope: &Scope<Passkey>,
        credential_id: &str,
    ) -> Result<Option<StoredPasskey>> {
        if !all(scope) {
            return Ok(None);
        }
        Ok(self.0.optional(&BY_CREDENTIAL, &[&credential_id]).await?)
    }

    /// The passkeys of an account, the oldest first; none when the scope does not include them. There are at most
    /// [`Passkey::MAX_COUNT`].
    ///
    /// # Errors
    /// Only the database's.
    pub async fn all_of(&mut self, scope: &Scope<Passkey>, user: UserId) -> Result<Vec<Passkey>> {
        match owned(scope) {
            RowFilter::All => Ok(rows(self.0.all::<Read<Passkey>>(&ALL_OF, &[&user]).await?)),
            RowFilter::Of(owner) if owner == user => {
                Ok(rows(self.0.all::<Read<Passkey>>(&ALL_OF, &[&user]).await?))
            }
            RowFilter::Of(_) | RowFilter::None => Ok(Vec::new()),
        }
    }

    /// The number of passkeys of an account; 0 when the scope does not include them.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn count_of(&mut self, scope: &Scope<Passkey>, user: UserId) -> Result<i64> {
        match owned(scope) {
            RowFilter::All => Ok(self.0.one(&COUNT_OF, &[&user]).await?),
            RowFilter::Of(owner) if owner == user => Ok(self.0.one(&COUNT_OF, &[&user]).await?),
            RowFilter::Of(_) | RowFilter::None => Ok(0),
        }
    }

    /// Inserts a new passkey with its public key.
    ///
    /// # Errors
    /// `CONFLICT` when it is registered already, for whichever account.
    pub async fn insert(
        &mut self,
        permit: &Permit<Passkey>,
        passkey: &Passkey,
        credential: &str,
    ) -> Result<()> {
        let insert = INSERT.authorize(permit, passkey)?;
        let values: [&dyn Param; 9] = [
            &passkey.id,
            &passkey.user_id,
            &passkey.name,
            &passkey.credential_id,
            &credential,
            &passkey.counter,
            &passkey.backup_eligible,
            &passkey.backed_up,
            &passkey.created_at,
        ];
        let done = self.0.execute(insert, &values).await;
        done.map_err(|error| unique_violation(error, "this passkey is registered already"))?;
        Ok(())
    }

    /// Stores another name.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when it was removed meanwhile.
    pub async fn rename(&mut self, permit: &Permit<Passkey>, passkey: &Passkey) -> Result<()> {
        let rename = RENAME.authorize(permit, passkey)?;
        expect_one_row(self.0.execute(rename, &[&passkey.id, &passkey.name]).await?)
    }

    /// Records a use: its counter, whether it is copied, and the time. `before` is the counter that it was compared with.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when it was used with another counter, or removed, meanwhile.
    pub async fn used(&mut self, permit: &Permit<Passkey>, passkey: &Passkey, before: i64) -> Result<()> {
        let used = USE.authorize(permit, passkey)?;
        let values: [&dyn Param; 5] = [
            &passkey.id,
            &passkey.counter,
            &passkey.backed_up,
            &passkey.last_used_at,
            &before,
        ];
        expect_one_row(self.0.execute(used, &values).await?)
    }

    /// Removes every passkey of an account; returns how many there were.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn remove_all(&mut self, permit: &Permit<User>, user: &User) -> Result<u64> {
        let remove = REMOVE_ALL.authorize(permit, user)?;
        Ok(self.0.execute(remove, &[&user.id]).await?)
    }
}
