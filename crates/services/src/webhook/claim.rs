//! Claims deliveries that are due.

use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::time::Timestamp;
use mainstay_domain::webhook::{WebhookDelivery, WebhookEndpoint, WebhookEndpointId};
use mainstay_engine::{Command, CommandContext, UseCase};
use mainstay_repositories::WebhookSecrets;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Requests to one endpoint that a process has under way at once: a slow one holds up none of the others.
pub(super) const MAX_PER_ENDPOINT: u32 = 2;
/// Requests that a process has under way at once.
pub(super) const MAX_AT_ONCE: usize = 64;
/// Endpoints that one claim looks at.
const ENDPOINTS: u32 = 100;

/// Begins attempts at deliveries that are due, for as long as their lease. Nothing is sent here.
#[derive(Debug, Clone, Default)]
pub struct ClaimDeliveries {
    /// How many requests this process has under way to each endpoint.
    pub busy: HashMap<WebhookEndpointId, u32>,
}

/// A delivery whose attempt has begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClaimedDelivery {
    /// The delivery.
    pub delivery: WebhookDelivery,
    /// The body of the request.
    pub body: String,
    /// Where it goes.
    pub url: String,
    /// What it is signed with, sealed: the present secret, and the former one while it counts.
    pub secrets: Vec<Vec<u8>>,
}

impl UseCase for ClaimDeliveries {
    const NAME: &'static str = "webhook.claim";
    const ACCESS: Access = Access::system();
    type Output = Vec<ClaimedDelivery>;
}

impl Command for ClaimDeliveries {
    const RECORDS_NO_EVENT: bool = true;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Vec<ClaimedDelivery>> {
        let (all, deliveries) = (cx.scope::<WebhookEndpoint>(), cx.scope::<WebhookDelivery>());
        let (now, mut claimed) = (cx.now(), Vec::new());
        let mut space = MAX_AT_ONCE.saturating_sub(self.busy.values().map(|busy| *busy as usize).sum());
        for endpoint in cx.webhooks().due_endpoints(&all, now, ENDPOINTS).await? {
            let busy = self.busy.get(&endpoint.id).copied().unwrap_or(0);
            let free = MAX_PER_ENDPOINT.saturating_sub(busy);
            let free = free.min(u32::try_from(space).unwrap_or(u32::MAX));
            if free == 0 {
                continue;
            }
            let Some(secrets) = cx.webhooks().secrets(&all, endpoint.id).await? else {
                continue;
            };
            let secrets = in_force(secrets, now);
            for due in cx.webhooks().due(&deliveries, endpoint.id, now, free).await? {
                let permit = cx.permit(WebhookDelivery::SEND, &due)?;
                if cx.webhooks().claim(&permit, &due, now).await? {
                    space = space.saturating_sub(1);
                    claimed.push(ClaimedDelivery {
                        body: due.body.clone(),
                        delivery: due.claimed(now),
                        url: endpoint.url.clone(),
                        secrets: secrets.clone(),
                    });
                }
            }
        }
        Ok(claimed)
    }
}

fn in_force(secrets: WebhookSecrets, now: Timestamp) -> Vec<Vec<u8>> {
    let counts = secrets.former_until.is_some_and(|until| now < until);
    let former = secrets.former.filter(|_| counts);
    std::iter::once(secrets.secret).chain(former).collect()
}
