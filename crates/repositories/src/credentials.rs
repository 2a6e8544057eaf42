//! Password hashes, stored apart from accounts so that no query for accounts returns one.

use crate::row_filter::{RowFilter, owned};
use mainstay_domain::Result;
use mainstay_domain::access::{Permit, Scope};
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::User;
use mainstay_platform::database::Change;

statements! {
    FIND = "SELECT password_hash FROM credentials WHERE user_id = $1";
    FIND_OWNED = "SELECT password_hash FROM credentials WHERE user_id = $1 AND user_id = $2";
}

changes! {
    SET: Change<User>, "credentials", [
        User::REGISTER, User::CREATE, User::ACCEPT_INVITATION, User::REHASH, User::SET_PASSWORD
    ] =
        "INSERT INTO credentials (user_id, password_hash, changed_at) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = excluded.changed_at";
    REMOVE: Change<User>, "credentials", [User::CONFIRM_EMAIL, User::DELETE] =
        "DELETE FROM credentials WHERE user_id = $1";
}

repository! {
    /// The table of password hashes.
    Credentials
}

impl Credentials<'_> {
    /// The password hash of an account; `None` when it has none, or the scope does not include the account.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn find(&mut self, scope: &Scope<User>, id: UserId) -> Result<Option<String>> {
        match owned(scope) {
            RowFilter::All => Ok(self.0.optional(&FIND, &[&id]).await?),
            RowFilter::Of(owner) => Ok(self.0.optional(&FIND_OWNED, &[&id, &owner]).await?),
            RowFilter::None => Ok(None),
        }
    }

    /// Sets the password hash of an account.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn set(
        &mut self,
        permit: &Permit<User>,
        user: &User,
        hash: &str,
        now: Timestamp,
    ) -> Result<()> {
        let set = SET.authorize(permit, user)?;
        self.0.execute(set, &[&user.id, &hash, &now]).await?;
        Ok(())
    }

    /// Removes the password hash of an account; false when it has none.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn remove(&mut self, permit: &Permit<User>, user: &User) -> Result<bool> {
        let remove = REMOVE.authorize(permit, user)?;
        Ok(self.0.execute(remove, &[&user.id]).await? == 1)
    }
}
