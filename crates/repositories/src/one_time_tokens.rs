//! One-time tokens: links in mails, the first administrator's link. Only their digests are stored.

use crate::read::Read;
use mainstay_domain::Result;
use mainstay_domain::id::UserId;
use mainstay_domain::one_time_token::{OneTimeToken, TokenPurpose};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{AsText, DatabaseError, FromRow, Param, Row};

statements! {
    FIND = "SELECT purpose, user_id, payload, browser, expires_at FROM one_time_tokens \
            WHERE digest = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3";
    COUNT_SINCE = "SELECT count(*) FROM one_time_tokens WHERE user_id = $1 AND purpose = $2 AND created_at > $3";
}

internal_changes! {
    INSERT: OneTimeTokens =
        "INSERT INTO one_time_tokens (digest, purpose, user_id, payload, browser, expires_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    CONSUME: OneTimeTokens =
        "UPDATE one_time_tokens SET used_at = $3 \
         WHERE digest = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 \
         RETURNING purpose, user_id, payload, browser, expires_at";
    USE_UP: OneTimeTokens =
        "UPDATE one_time_tokens SET used_at = $3 WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL";
    REVOKE_OF: OneTimeTokens =
        "DELETE FROM one_time_tokens WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL";
    REVOKE_EVERY_OF: OneTimeTokens =
        "DELETE FROM one_time_tokens WHERE user_id = $1 AND used_at IS NULL";
    REMOVE_OF: OneTimeTokens =
        "DELETE FROM one_time_tokens WHERE user_id = $1";
    REVOKE_ALL: OneTimeTokens =
        "DELETE FROM one_time_tokens WHERE purpose = $1 AND used_at IS NULL";
    PRUNE: OneTimeTokens =
        "DELETE FROM one_time_tokens WHERE expires_at < $1";
}

impl FromRow for Read<OneTimeToken> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(OneTimeToken {
            purpose: row.next::<AsText<_>>()?.0,
            user_id: row.next()?,
            payload: row.next()?,
            browser: row.next()?,
            expires_at: row.next()?,
        }))
    }
}

repository! {
    /// The table of one-time tokens. A client that presents one is not authenticated yet, so neither scope nor permit
    /// is required.
    OneTimeTokens
}

impl OneTimeTokens<'_> {
    /// Stores a new token under its digest.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn insert(&mut self, digest: &[u8], token: &OneTimeToken, now: Timestamp) -> Result<()> {
        let values: [&dyn Param; 7] = [
            &digest,
            &AsText(token.purpose),
            &token.user_id,
            &token.payload,
            &token.browser,
            &token.expires_at,
            &now,
        ];
        self.0.execute(INSERT.exempt(), &values).await?;
        Ok(())
    }

    /// Finds a token without using it; `None` as with [`consume`](Self::consume).
    ///
    /// # Errors
    /// Only the database's.
    pub async fn find(
        &mut self,
        purpose: TokenPurpose,
        digest: &[u8],
        now: Timestamp,
    ) -> Result<Option<OneTimeToken>> {
        let row: Option<Read<_>> = self.0.optional(&FIND, &[&digest, &AsText(purpose), &now]).await?;
        Ok(row.map(|Read(token)| token))
    }

    /// Uses a token, in one statement, so that only one of two concurrent requests succeeds: `None` when it is used,
    /// expired, for another purpose or was never issued.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn consume(
        &mut self,
        purpose: TokenPurpose,
        digest: &[u8],
        now: Timestamp,
    ) -> Result<Option<OneTimeToken>> {
        let values: [&dyn Param; 3] = [&digest, &AsText(purpose), &now];
        let row: Option<Read<_>> = self
            .0
            .execute_returning_optional(CONSUME.exempt(), &values)
            .await?;
        Ok(row.map(|Read(token)| token))
    }

    /// Marks the unused tokens of a purpose that were issued for an account as used: they work no longer, and still count
    /// as issued ([`count_since`](Self::count_since)). Returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn use_up(&mut self, user: UserId, purpose: TokenPurpose, now: Timestamp) -> Result<u64> {
        let values: [&dyn Param; 3] = [&user, &AsText(purpose), &now];
        Ok(self.0.execute(USE_UP.exempt(), &values).await?)
    }

    /// Revokes the unused tokens of a purpose that were issued for an account; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn revoke_of(&mut self, user: UserId, purpose: TokenPurpose) -> Result<u64> {
        Ok(self
            .0
            .execute(REVOKE_OF.exempt(), &[&user, &AsText(purpose)])
            .await?)
    }

    /// Revokes the unused tokens of all purposes that were issued for an account; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn revoke_every_of(&mut self, user: UserId) -> Result<u64> {
        Ok(self.0.execute(REVOKE_EVERY_OF.exempt(), &[&user]).await?)
    }

    /// Removes the tokens of an account, used ones too: what they stand for may be an address of its owner.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn remove_of(&mut self, user: UserId) -> Result<()> {
        self.0.execute(REMOVE_OF.exempt(), &[&user]).await?;
        Ok(())
    }

    /// The number of tokens of a purpose that were issued for an account after an instant, used or not. Tokens are kept
    /// until they expire, and revoked ones are not counted.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn count_since(
        &mut self,
        user: UserId,
        purpose: TokenPurpose,
        since: Timestamp,
    ) -> Result<i64> {
        Ok(self
            .0
            .one(&COUNT_SINCE, &[&user, &AsText(purpose), &since])
            .await?)
    }

    /// Revokes every unused token of a purpose; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn revoke_all(&mut self, purpose: TokenPurpose) -> Result<u64> {
        Ok(self.0.execute(REVOKE_ALL.exempt(), &[&AsText(purpose)]).await?)
    }

    /// Removes tokens that expired before an instant; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.exempt(), &[&before]).await?)
    }
}
