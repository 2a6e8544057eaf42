//! The number of the last change of roles, permissions, sessions or API keys.
//!
//! Nodes learn of each other's changes by their numbers, never by their times: the clocks of two nodes may differ.
//! The number comes from one row, which the transaction locks until it commits. So a reader that sees a number also
//! sees every change with a smaller one, and none becomes visible later.

use mainstay_domain::Result;
use mainstay_domain::time::Timestamp;

statements! {
    CURRENT = "SELECT value FROM counters WHERE name = 'access_changes'";
    FIRST_SINCE = "SELECT min(number) FROM (\
                   SELECT min(access_change) AS number FROM users WHERE access_changed_at >= $1 AND access_change > 0 \
                   UNION ALL \
                   SELECT min(end_change) AS number FROM sessions WHERE ended_at >= $1 \
                   UNION ALL \
                   SELECT min(revoke_change) AS number FROM api_keys WHERE revoked_at >= $1) AS changes";
}

internal_changes! {
    /// First in its transaction, before any row is locked: every transaction that makes a change waits here and
    /// nowhere else.
    NEXT: Counters =
        "UPDATE counters SET value = value + 1 WHERE name = 'access_changes'";
}

repository! {
    /// The counter of changes. It reveals nothing about any account, so no scope is required.
    AccessChanges
}

impl AccessChanges<'_> {
    /// The number of the last change visible to this transaction; 0 before the first.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn current(&mut self) -> Result<i64> {
        Ok(self.0.one(&CURRENT, &[]).await?)
    }

    /// The smallest number among the changes that were made at or after an instant, by the clocks of the nodes that
    /// made them; `None` when there is none. A node that reads on from there also reads later changes of nodes whose
    /// clocks are slow.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn first_since(&mut self, instant: Timestamp) -> Result<Option<i64>> {
        Ok(self.0.one(&FIRST_SINCE, &[&instant]).await?)
    }
}
