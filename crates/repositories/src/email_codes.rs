//! Codes that were sent by mail, sealed; an account has at most one.

use mainstay_domain::Result;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::Param;

internal_changes! {
    REPLACE: EmailCodes =
        "INSERT INTO email_codes (user_id, sealed, tries_left, expires_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, tries_left = excluded.tries_left, \
         expires_at = excluded.expires_at";
    TRY: EmailCodes =
        "UPDATE email_codes SET tries_left = tries_left - 1 \
         WHERE user_id = $1 AND tries_left > 0 AND expires_at > $2 RETURNING sealed";
    CONSUME: EmailCodes =
        "DELETE FROM email_codes WHERE user_id = $1 AND sealed = $2 AND expires_at > $3";
    PRUNE: EmailCodes =
        "DELETE FROM email_codes WHERE expires_at < $1";
}

repository! {
    /// The table of codes. A client that presents one is not authenticated yet, so neither scope nor permit is required.
    EmailCodes
}

impl EmailCodes<'_> {
    /// Stores the code of an account, in place of an earlier one.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn replace(
        &mut self,
        user: UserId,
        sealed: &[u8],
        tries: u32,
        expires_at: Timestamp,
    ) -> Result<()> {
        let values: [&dyn Param; 4] = [&user, &sealed, &tries, &expires_at];
        self.0.execute(REPLACE.exempt(), &values).await?;
        Ok(())
    }

    /// Takes one of the tries at the code of an account, and returns the sealed code: `None` when there is none that
    /// is valid, or all tries are used.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn take_try(&mut self, user: UserId, now: Timestamp) -> Result<Option<Vec<u8>>> {
        Ok(self
            .0
            .execute_returning_optional(TRY.exempt(), &[&user, &now])
            .await?)
    }

    /// Uses a code, in one statement, so that only one of two concurrent requests succeeds: false when it was used,
    /// replaced, or has expired.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn consume(&mut self, user: UserId, sealed: &[u8], now: Timestamp) -> Result<bool> {
        let consumed = self.0.execute(CONSUME.exempt(), &[&user, &sealed, &now]).await?;
        Ok(consumed == 1)
    }

    /// Removes codes that expired before an instant; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.exempt(), &[&before]).await?)
    }
}
