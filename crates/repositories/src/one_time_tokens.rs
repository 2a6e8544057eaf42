//! One-time tokens: links in mails, the first administrator's link. Only their digests are stored.

use mainstay_domain::Result;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::Param;

internal_changes! {
    INSERT: OneTimeTokens =
        "INSERT INTO one_time_tokens (digest, purpose, user_id, expires_at, created_at) \
         VALUES ($1, $2, $3, $4, $5)";
    CONSUME: OneTimeTokens =
        "UPDATE one_time_tokens SET used_at = $3 \
         WHERE digest = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 RETURNING user_id";
    REVOKE_ALL: OneTimeTokens =
        "DELETE FROM one_time_tokens WHERE purpose = $1 AND used_at IS NULL";
    PRUNE: OneTimeTokens =
        "DELETE FROM one_time_tokens WHERE expires_at < $1";
}

repository! {
    /// The table of one-time tokens. A client that presents one is not authenticated yet, so neither scope nor permit
    /// is required.
    OneTimeTokens
}

impl OneTimeTokens<'_> {
    /// Stores the digest of a new token, for a given account or for none.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn insert(
        &mut self,
        purpose: &str,
        digest: &[u8],
        user: Option<UserId>,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        self.0
            .execute(INSERT.exempt(), &[&digest, &purpose, &user, &expires_at, &now])
            .await?;
        Ok(())
    }

    /// Uses a token, in one statement, so that only one of two concurrent requests succeeds: `None` when it is used,
    /// expired, for another purpose or was never issued; otherwise the account that it was issued for, if any.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn consume(
        &mut self,
        purpose: &str,
        digest: &[u8],
        now: Timestamp,
    ) -> Result<Option<Option<UserId>>> {
        let values: [&dyn Param; 3] = [&digest, &purpose, &now];
        Ok(self
            .0
            .execute_returning_optional(CONSUME.exempt(), &values)
            .await?)
    }

    /// Revokes every unused token of a purpose; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn revoke_all(&mut self, purpose: &str) -> Result<u64> {
        Ok(self.0.execute(REVOKE_ALL.exempt(), &[&purpose]).await?)
    }

    /// Removes tokens that expired before an instant; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.exempt(), &[&before]).await?)
    }
}
