//! The repository of identities, and of the sealed refresh tokens of their providers.

use crate::outcome::expect_one_row;
use crate::read::Read;
use crate::record;
use crate::row_filter::{RowFilter, owned};
use crate::rows::{Rows, Table, Unique};
use mainstay_domain::Result;
use mainstay_domain::access::{Action, Permit, Scope};
use mainstay_domain::id::UserId;
use mainstay_domain::identity::Identity;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::User;
use mainstay_platform::database::{Change, Param};

record! {
    Identity as columns { id, user_id, provider, issuer, subject, email, created_at, last_used_at }
}

impl Table for Identity {
    const TABLE: &'static str = "identities";
    const OWNER: Option<&'static str> = Some("user_id");
    const INSERT: &'static [Action] = &[Identity::LINK];
    const DELETE: &'static [Action] = &[Identity::UNLINK];
    const UNIQUE: &'static [Unique] = &[Unique::new(
        "provider,issuer,subject",
        "this identity is linked to an account already",
    )];
}

macro_rules! by_subject {
    ($also:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM identities WHERE provider = $1 AND issuer = $2 AND subject = $3",
            $also
        )
    };
}

statements! {
    BY_SUBJECT = by_subject!("");
    BY_SUBJECT_OWNED = by_subject!(" AND user_id = $4");
    COUNT_OF = "SELECT count(*) FROM identities WHERE user_id = $1";
}

changes! {
    USE: Change<Identity>, "identities", [Identity::USE] =
        "UPDATE identities SET email = $2, last_used_at = $3 WHERE id = $1";
    SET_TOKEN: Change<Identity>, "identity_tokens", [Identity::LINK, Identity::USE] =
        "INSERT INTO identity_tokens (identity_id, refresh_token, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (identity_id) DO UPDATE SET refresh_token = excluded.refresh_token, updated_at = excluded.updated_at";
    REMOVE_ALL: Change<User>, "identities", [User::CONFIRM_EMAIL, User::DELETE] =
        "DELETE FROM identities WHERE user_id = $1";
}

repository! {
    /// The tables of identities and of their providers' refresh tokens.
    Identities
}

impl Identities<'_> {
    /// Finds the identity of an account at a provider; `None` also when the scope does not include it.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn find_by_subject(
        &mut self,
        scope: &Scope<Identity>,
        provider: &str,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Identity>> {
        let row: Option<Read<Identity>> = match owned(scope) {
            RowFilter::All => {
                let values: [&dyn Param; 3] = [&provider, &issuer, &subject];
                self.0.optional(&BY_SUBJECT, &values).await?
            }
            RowFilter::Of(owner) => {
                let values: [&dyn Param; 4] = [&provider, &issuer, &subject, &owner];
                self.0.optional(&BY_SUBJECT_OWNED, &values).await?
            }
            RowFilter::None => None,
        };
        Ok(row.map(|Read(identity)| identity))
    }

    /// The number of identities of an account; 0 when the scope does not include them.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn count_of(&mut self, scope: &Scope<Identity>, user: UserId) -> Result<i64> {
        match owned(scope) {
            RowFilter::All => Ok(self.0.one(&COUNT_OF, &[&user]).await?),
            RowFilter::Of(owner) if owner == user => Ok(self.0.one(&COUNT_OF, &[&user]).await?),
            RowFilter::Of(_) | RowFilter::None => Ok(0),
        }
    }

    /// Inserts a new identity.
    ///
    /// # Errors
    /// `CONFLICT` when it is linked to an account already.
    pub async fn insert(&mut self, permit: &Permit<Identity>, identity: &Identity) -> Result<()> {
        Rows::new(self.0).insert(permit, identity).await
    }

    /// Records a sign-in: the address and the time.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`](mainstay_platform::database::DatabaseError::Retry) when it was removed meanwhile.
    pub async fn used(&mut self, permit: &Permit<Identity>, identity: &Identity) -> Result<()> {
        let change = USE.authorize(permit, identity)?;
        let done = self
            .0
            .execute(change, &[&identity.id, &identity.email, &identity.last_used_at])
            .await;
        expect_one_row(done?)
    }

    /// Removes every identity of an account, with its refresh token; returns how many there were.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn remove_all(&mut self, permit: &Permit<User>, user: &User) -> Result<u64> {
        let remove = REMOVE_ALL.authorize(permit, user)?;
        Ok(self.0.execute(remove, &[&user.id]).await?)
    }

    /// Stores the provider's sealed refresh token, in place of an earlier one.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn set_token(
        &mut self,
        permit: &Permit<Identity>,
        identity: &Identity,
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<()> {
        let change = SET_TOKEN.authorize(permit, identity)?;
        self.0.execute(change, &[&identity.id, &sealed, &now]).await?;
        Ok(())
    }
}
