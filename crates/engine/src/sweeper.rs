//! Removes records whose retention period is over.

use crate::node::Node;
use crate::pipeline::ANSWER_RETENTION;
use mainstay_domain::access::{SystemCaller, permit_all};
use mainstay_domain::api_key::ApiKey;
use mainstay_domain::data_export::DataExport;
use mainstay_domain::device::Device;
use mainstay_domain::session::Session;
use mainstay_domain::user::User;
use mainstay_domain::webhook::WebhookDelivery;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::Isolation;
use mainstay_platform::limiter::Limiter;
use mainstay_repositories::{
    ApiKeys, DataExports, Devices, EmailCodes, Idempotency, Jobs, OneTimeTokens, Outbox, OutboxPositions,
    SecurityEvents, Sessions, StepUpCodes, Tries, Users, Webhooks,
};
use std::sync::Arc;
use std::time::Duration;

/// How long finished jobs and relayed events are retained.
const FINISHED_RETENTION: Duration = Duration::from_hours(24 * 7);
/// How long ended sessions are retained: longer than any refresh token lives, so that an old one is recognised.
const SESSION_RETENTION: Duration = Duration::from_hours(24 * 30);
/// How long revoked and expired API keys are retained: a client that still presents one learns why it is refused.
const API_KEY_RETENTION: Duration = Duration::from_hours(24 * 90);
/// How long a device is known after its last sign-in: as long as browsers keep its cookie.
const DEVICE_RETENTION: Duration = Duration::from_hours(24 * 400);
/// How long security events are retained.
const SECURITY_EVENT_RETENTION: Duration = Duration::from_hours(24 * 90);
/// How long the rows of deleted accounts are retained: longer than any access token lives (`ACCESS_TTL` is a day at
/// most), so that every node learns that the account is gone. They name no person.
const DELETED_USER_RETENTION: Duration = Duration::from_hours(48);
/// How long one-time tokens are retained after they expired, used or not.
const TOKEN_RETENTION: Duration = Duration::from_hours(24);

/// Removes records of the engine's own tables.
pub struct Sweeper {
    node: Node,
    limiter: Arc<Limiter>,
}

impl Sweeper {
    /// A sweeper of this node's database and rate limits.
    pub fn new(node: Node, limiter: Arc<Limiter>) -> Self {
        Self { node, limiter }
    }

    /// Removes records whose retention period is over; returns how many.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn prune(&self) -> Result<u64> {
        let now = self.node.now();
        self.limiter.retain_recent(now);
        self.node
            .database
            .write(Isolation::ReadCommitted, move |tx| {
                Box::pin(async move {
                    let mut removed = Idempotency::new(tx).prune(now.before(ANSWER_RETENTION)).await?;
                    let relayed_before = now.before(FINISHED_RETENTION);
                    if let Some(last) = Outbox::new(tx).last_relayed_before(relayed_before).await? {
                        OutboxPositions::new(tx).set_pruned(last).await?;
                    }
                    removed += Outbox::new(tx).prune(relayed_before).await?;
                    removed += Jobs::new(tx).prune(now.before(FINISHED_RETENTION)).await?;
                    let dead = permit_all(SystemCaller::SWEEPER, Session::PRUNE);
                    removed += Sessions::new(tx)
                        .prune(&dead, now.before(SESSION_RETENTION))
                        .await?;
                    let dead = permit_all(SystemCaller::SWEEPER, ApiKey::PRUNE);
                    removed += ApiKeys::new(tx)
                        .prune(&dead, now.before(API_KEY_RETENTION))
                        .await?;
                    let gone = permit_all(SystemCaller::SWEEPER, User::PURGE);
                    removed += Users::new(tx)
                        .purge(&gone, now.before(DELETED_USER_RETENTION))
                        .await?;
                    let unused = permit_all(SystemCaller::SWEEPER, Device::PRUNE);
                    removed += Devices::new(tx)
                        .prune(&unused, now.before(DEVICE_RETENTION))
                        .await?;
                    let expired = permit_all(SystemCaller::SWEEPER, DataExport::PRUNE);
                    removed += DataExports::new(tx).prune(&expired, now).await?;
                    removed += SecurityEvents::new(tx)
                        .prune(now.before(SECURITY_EVENT_RETENTION))
                        .await?;
                    removed += OneTimeTokens::new(tx).prune(now.before(TOKEN_RETENTION)).await?;
                    removed += Tries::new(tx).prune(now).await?;
                    removed += EmailCodes::new(tx).prune(now).await?;
                    removed += StepUpCodes::new(tx).prune(now).await?;
                    let finished = permit_all(SystemCaller::SWEEPER, WebhookDelivery::PRUNE);
                    let before = now.before(WebhookDelivery::RETENTION);
                    removed += Webhooks::new(tx).prune(&finished, before).await?;
                    Ok::<_, Error>(removed)
                })
            })
            .await
    }
}
