//! The secrets that deliveries are signed with.

use crate::spelled;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay_domain::Result;
use mainstay_domain::access::Permit;
use mainstay_domain::random;
use mainstay_domain::webhook::{WebhookEndpoint, WebhookEndpointId};
use mainstay_engine::CommandContext;
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::hmac_sha256;
use mainstay_platform::crypto::seal::{SealError, Sealer};
use mainstay_repositories::WEBHOOK_SECRET;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::repositories::ShopRepositories;

/// Bytes of a secret; Standard Webhooks asks for 24 to 64.
const LEN: usize = 32;

/// An endpoint with its new secret, which cannot be read again. `Debug` output hides it.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewWebhookSecret {
    /// The endpoint.
    pub endpoint: WebhookEndpoint,
    /// `whsec_` and the secret in base64.
    #[serde(with = "spelled")]
    pub secret: Secret<String>,
}

impl fmt::Debug for NewWebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewWebhookSecret({})", self.endpoint.id)
    }
}

/// Makes a secret for an endpoint and stores it, sealed. An earlier one signs beside it for a day.
pub(super) async fn renew_secret(
    cx: &mut CommandContext<'_>,
    permit: &Permit<WebhookEndpoint>,
    endpoint: &WebhookEndpoint,
) -> Result<Secret<String>> {
    let bytes = random::bytes::<LEN>(cx.random());
    let sealer = &cx.components().sealer;
    let sealed = sealer.seal(WEBHOOK_SECRET, endpoint.id.uuid().as_bytes(), &bytes, cx.random());
    let former_until = cx.now().after(WebhookEndpoint::ROTATION);
    cx.webhooks()
        .set_secret(permit, endpoint, &sealed, former_until)
        .await?;
    Ok(Secret::new(format!("whsec_{}", STANDARD.encode(bytes))))
}

/// The value of `webhook-signature`: one signature for each secret, over id, time and body.
///
/// # Errors
/// A secret cannot be opened.
pub(super) fn sign<'s>(
    sealer: &Sealer,
    endpoint: WebhookEndpointId,
    secrets: impl Iterator<Item = &'s [u8]>,
    (id, seconds, body): (&str, i64, &str),
) -> Result<String, SealError> {
    let signed = format!("{id}.{seconds}.{body}");
    let mut signatures = Vec::new();
    for sealed in secrets {
        let secret = sealer.open(WEBHOOK_SECRET, endpoint.uuid().as_bytes(), sealed)?;
        let mac = hmac_sha256(&secret, signed.as_bytes());
        signatures.push(format!("v1,{}", STANDARD.encode(mac)));
    }
    Ok(signatures.join(" "))
}
