//! Webhook in the format of Standard Webhooks (<https://www.standardwebhooks.com>).

use crate::tls;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use mainstay_domain::{Error, Result};
use mainstay_engine::audit::{HeadReceiver, SignedHead};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::hmac_sha256;
use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::redirect::Policy;
use serde_json::json;
use std::time::Duration;

/// Timeout for the receiver's response.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Why the HTTP client could not be created.
#[derive(Debug, thiserror::Error)]
#[error("AUDIT_WITNESS_URL: no HTTP client: {0}")]
pub struct HeadReceiverError(String);

/// The receiver's response was not 2xx.
#[derive(Debug, thiserror::Error)]
#[error("AUDIT_WITNESS_URL answered {0}, not 2xx")]
struct Refused(u16);

/// Posts heads to one URL. It follows no redirects: only the URL that the administrator set receives the head.
pub struct WebhookReceiver {
    client: Client,
    url: String,
    secret: Option<Secret<Vec<u8>>>,
}

impl WebhookReceiver {
    /// A receiver at `url`. With a secret, requests are signed (`webhook-signature`, HMAC-SHA256).
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(url: String, secret: Option<Secret<Vec<u8>>>) -> Result<Self, HeadReceiverError> {
        let tls = tls::client().map_err(|error| HeadReceiverError(error.to_string()))?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| HeadReceiverError(error.to_string()))?;
        Ok(Self { client, url, secret })
    }

    async fn post(&self, head: &SignedHead) -> Result<()> {
        let body = json!({
            "type": "audit.head",
            "timestamp": head.at.to_string(),
            "data": {"seq": head.seq, "hash": head.hash, "seal": head.seal},
        });
        let (body, seconds) = (body.to_string(), head.at.micros() / 1_000_000);
        let mut request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("mainstay/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &head.id)
            .header("webhook-timestamp", seconds);
        if let Some(secret) = &self.secret {
            let signed = format!("{}.{seconds}.{body}", head.id);
            let mac = STANDARD.encode(hmac_sha256(secret.expose(), signed.as_bytes()));
            request = request.header("webhook-signature", format!("v1,{mac}"));
        }
        let answer = request.body(body).send().await;
        let status = answer.map_err(|error| unavailable(error.without_url()))?.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(unavailable(Refused(status.as_u16())))
        }
    }
}

fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable("the receiver of the audit chain's head", cause)
}

impl HeadReceiver for WebhookReceiver {
    fn receive<'a>(&'a self, head: &'a SignedHead) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.post(head))
    }
}
