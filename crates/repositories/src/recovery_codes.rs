//! The repository of recovery codes. Only their digests are stored.

use crate::row_filter::{RowFilter, owned};
use mainstay_domain::Result;
use mainstay_domain::access::{Permit, Scope};
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::User;
use mainstay_platform::database::Change;

statements! {
    UNUSED = "SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL";
    UNUSED_OWNED = "SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND user_id = $2 AND used_at IS NULL";
    FIND = "SELECT 1 FROM recovery_codes WHERE user_id = $1 AND digest = $2 AND used_at IS NULL";
    FIND_OWNED = "SELECT 1 FROM recovery_codes WHERE user_id = $1 AND user_id = $3 AND digest = $2 AND used_at IS NULL";
}

changes! {
    INSERT: Change<User>, "recovery_codes", [User::ENABLE_FACTOR, User::RENEW_RECOVERY_CODES] =
        "INSERT INTO recovery_codes (user_id, digest, created_at) VALUES ($1, $2, $3)";
    USE: Change<User>, "recovery_codes", [User::USE_FACTOR] =
        "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND digest = $2 AND used_at IS NULL";
    DELETE: Change<User>, "recovery_codes", [User::ENABLE_FACTOR, User::RENEW_RECOVERY_CODES, User::DISABLE_FACTOR, User::RESET_FACTORS] =
        "DELETE FROM recovery_codes WHERE user_id = $1";
}

repository! {
    /// The table of recovery codes.
    RecoveryCodes
}

impl RecoveryCodes<'_> {
    /// How many unused codes an account has; 0 outside of the scope.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn unused(&mut self, scope: &Scope<User>, user: UserId) -> Result<i64> {
        match owned(scope) {
            RowFilter::All => Ok(self.0.one(&UNUSED, &[&user]).await?),
            RowFilter::Of(owner) => Ok(self.0.one(&UNUSED_OWNED, &[&user, &owner]).await?),
            RowFilter::None => Ok(0),
        }
    }

    /// Whether an account has an unused code of this digest.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn is_unused(&mut self, scope: &Scope<User>, user: UserId, digest: &[u8]) -> Result<bool> {
        let found: Option<i64> = match owned(scope) {
            RowFilter::All => self.0.optional(&FIND, &[&user, &digest]).await?,
            RowFilter::Of(owner) => self.0.optional(&FIND_OWNED, &[&user, &digest, &owner]).await?,
            RowFilter::None => None,
        };
        Ok(found.is_some())
    }

    /// Replaces the codes of an account.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn replace(
        &mut self,
        permit: &Permit<User>,
        user: &User,
        digests: &[[u8; 32]],
        now: Timestamp,
    ) -> Result<()> {
        self.delete(permit, user).await?;
        for digest in digests {
            let insert = INSERT.authorize(permit, user)?;
            self.0.execute(insert, &[&user.id, &&digest[..], &now]).await?;
        }
        Ok(())
    }

    /// Uses a code, in one statement, so that only one of two concurrent requests succeeds; false when it was used, or
    /// replaced, before.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn consume(
        &mut self,
        permit: &Permit<User>,
        user: &User,
        digest: &[u8],
        now: Timestamp,
    ) -> Result<bool> {
        let consume = USE.authorize(permit, user)?;
        Ok(self.0.execute(consume, &[&user.id, &digest, &now]).await? == 1)
    }

    /// Deletes the codes of an account.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn delete(&mut self, permit: &Permit<User>, user: &User) -> Result<()> {
        let delete = DELETE.authorize(permit, user)?;
        self.0.execute(delete, &[&user.id]).await?;
        Ok(())
    }
}
