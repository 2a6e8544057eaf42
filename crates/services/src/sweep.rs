//! Old records that nobody asks for again.

use crate::pipeline::idempotency;
use crate::services::Services;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::Isolation;
use mainstay_repositories::{Idempotency, Jobs, OneTimeTokens, Outbox, SecurityEvents, Sessions};
use std::time::Duration;

/// How long finished jobs and relayed events can be looked at.
const LOOKED_AT: Duration = Duration::from_hours(24 * 7);
/// How long ended sessions are known to have been: longer than any refresh token, so that old ones are told apart.
const ENDED_SESSIONS: Duration = Duration::from_hours(24 * 30);

/// How long denied and suspicious attempts can be looked at.
const SECURITY_EVENTS: Duration = Duration::from_hours(24 * 90);
/// How long links that worked once are kept after they ran out, used or not.
const ONE_TIME_TOKENS: Duration = Duration::from_hours(24);

impl Services {
    /// Removes records that are past their time; tells how many.
    ///
    /// # Errors
    /// The database is away.
    pub async fn prune(&self) -> Result<u64> {
        let now = self.now();
        self.parts().limiter.retain_recent(now);
        self.database()
            .write(Isolation::ReadCommitted, move |tx| {
                Box::pin(async move {
                    let mut gone = Idempotency::new(tx).prune(now.before(idempotency::KEPT)).await?;
                    gone += Outbox::new(tx).prune(now.before(LOOKED_AT)).await?;
                    gone += Jobs::new(tx).prune(now.before(LOOKED_AT)).await?;
                    gone += Sessions::new(tx).prune(now.before(ENDED_SESSIONS)).await?;
                    gone += SecurityEvents::new(tx).prune(now.before(SECURITY_EVENTS)).await?;
                    gone += OneTimeTokens::new(tx).prune(now.before(ONE_TIME_TOKENS)).await?;
                    Ok::<_, Error>(gone)
                })
            })
            .await
    }
}
