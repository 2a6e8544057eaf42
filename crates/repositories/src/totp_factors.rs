//! The repository of authenticator apps (TOTP), one for an account. Their secrets are sealed.

use crate::row_filter::{RowFilter, owned};
use mainstay_domain::Result;
use mainstay_domain::access::{Permit, Scope};
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::User;
use mainstay_platform::database::{Change, DatabaseError, FromRow, Row};

statements! {
    FIND = "SELECT sealed, confirmed_at FROM totp_factors WHERE user_id = $1";
    FIND_OWNED = "SELECT sealed, confirmed_at FROM totp_factors WHERE user_id = $1 AND user_id = $2";
}

changes! {
    SET_UP: Change<User>, "totp_factors", [User::SET_UP_FACTOR] =
        "INSERT INTO totp_factors (user_id, sealed, last_step, created_at) VALUES ($1, $2, 0, $3) \
         ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at \
         WHERE totp_factors.confirmed_at IS NULL";
    CONFIRM: Change<User>, "totp_factors", [User::ENABLE_FACTOR] =
        "UPDATE totp_factors SET confirmed_at = $2, last_step = $3 \
         WHERE user_id = $1 AND confirmed_at IS NULL AND sealed = $4";
    ACCEPT: Change<User>, "totp_factors", [User::USE_FACTOR] =
        "UPDATE totp_factors SET last_step = $2 \
         WHERE user_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2 AND sealed = $3";
    DELETE: Change<User>, "totp_factors", [User::DISABLE_FACTOR, User::RESET_FACTORS] =
        "DELETE FROM totp_factors WHERE user_id = $1";
}

/// The authenticator app of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpFactor {
    /// Its secret, sealed.
    pub sealed: Vec<u8>,
    /// When a code proved that the app has the secret; `None` before that, when it is no factor yet.
    pub confirmed_at: Option<Timestamp>,
}

impl FromRow for TotpFactor {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            sealed: row.next()?,
            confirmed_at: row.next()?,
        })
    }
}

repository! {
    /// The table of authenticator apps.
    TotpFactors
}

impl TotpFactors<'_> {
    /// The authenticator app of an account, confirmed or not; `None` when it has none, or the scope does not include the
    /// account.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn find(&mut self, scope: &Scope<User>, user: UserId) -> Result<Option<TotpFactor>> {
        match owned(scope) {
            RowFilter::All => Ok(self.0.optional(&FIND, &[&user]).await?),
            RowFilter::Of(owner) => Ok(self.0.optional(&FIND_OWNED, &[&user, &owner]).await?),
            RowFilter::None => Ok(None),
        }
    }

    /// Stores the secret of an app that is yet to be confirmed, in place of an earlier one; false when the account has a
    /// confirmed app.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn set_up(
        &mut self,
        permit: &Permit<User>,
        user: &User,
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<bool> {
        let set_up = SET_UP.authorize(permit, user)?;
        Ok(self.0.execute(set_up, &[&user.id, &sealed, &now]).await? == 1)
    }

    /// Confirms an app by the time step of a code of its secret; false when it was confirmed, or set up anew, meanwhile.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn confirm(
        &mut self,
        permit: &Permit<User>,
        user: &User,
        (sealed, step): (&[u8], i64),
        now: Timestamp,
    ) -> Result<bool> {
        let confirm = CONFIRM.authorize(permit, user)?;
        let done = self.0.execute(confirm, &[&user.id, &now, &step, &sealed]).await;
        Ok(done? == 1)
    }

    /// Accepts the time step of a code, in one statement, so that of two requests with one code only one succeeds,
    /// whichever processes they reach. False when this step or a later one was accepted before, or the app is gone.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn accept(
        &mut self,
        permit: &Permit<User>,
        user: &User,
        (sealed, step): (&[u8], i64),
    ) -> Result<bool> {
        let accept = ACCEPT.authorize(permit, user)?;
        Ok(self.0.execute(accept, &[&user.id, &step, &sealed]).await? == 1)
    }

    /// Deletes the app of an account, confirmed or not; false when it had none.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn delete(&mut self, permit: &Permit<User>, user: &User) -> Result<bool> {
        let delete = DELETE.authorize(permit, user)?;
        Ok(self.0.execute(delete, &[&user.id]).await? == 1)
    }
}
