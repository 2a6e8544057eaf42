//! Codes that were sent by mail to prove again who the user of a session is, sealed; a session has at most one.

use mainstay_domain::Result;
use mainstay_domain::id::SessionId;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::Param;

internal_changes! {
    REPLACE: StepUpCodes =
        "INSERT INTO step_up_codes (session_id, sealed, tries_left, expires_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (session_id) DO UPDATE SET sealed = excluded.sealed, tries_left = excluded.tries_left, \
         expires_at = excluded.expires_at";
    TRY: StepUpCodes =
        "UPDATE step_up_codes SET tries_left = tries_left - 1 \
         WHERE session_id = $1 AND tries_left > 0 AND expires_at > $2 RETURNING sealed";
    CONSUME: StepUpCodes =
        "DELETE FROM step_up_codes WHERE session_id = $1 AND sealed = $2 AND expires_at > $3";
    PRUNE: StepUpCodes =
        "DELETE FROM step_up_codes WHERE expires_at < $1";
}

repository! {
    /// The table of codes. The session is that of the caller, so neither scope nor permit is required.
    StepUpCodes
}

impl StepUpCodes<'_> {
    /// Stores the code of a session, in place of an earlier one.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn replace(
        &mut self,
        session: SessionId,
        sealed: &[u8],
        tries: u32,
        expires_at: Timestamp,
    ) -> Result<()> {
        let values: [&dyn Param; 4] = [&session, &sealed, &tries, &expires_at];
        self.0.execute(REPLACE.exempt(), &values).await?;
        Ok(())
    }

    /// Takes one of the tries at the code of a session, and returns the sealed code: `None` when there is none that
    /// is valid, or all tries are used.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn take_try(&mut self, session: SessionId, now: Timestamp) -> Result<Option<Vec<u8>>> {
        Ok(self
            .0
            .execute_returning_optional(TRY.exempt(), &[&session, &now])
            .await?)
    }

    /// Uses a code, in one statement, so that only one of two concurrent requests succeeds: false when it was used,
    /// replaced, or has expired.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn consume(&mut self, session: SessionId, sealed: &[u8], now: Timestamp) -> Result<bool> {
        let consumed = self
            .0
            .execute(CONSUME.exempt(), &[&session, &sealed, &now])
            .await?;
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
