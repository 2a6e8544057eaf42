//! The port to the endpoints of outgoing webhooks.

use futures_util::future::BoxFuture;
use mainstay_domain::validation::Invalid;

/// Sends requests to endpoints, and only to addresses that may be reached.
pub trait WebhookSender: Send + Sync {
    /// Checks the URL of an endpoint. A name is not resolved before a request is sent.
    ///
    /// # Errors
    /// `FORMAT` when it is no `https:` URL, or leads to a network that the settings do not name.
    fn check(&self, url: &str) -> Result<(), Invalid>;

    /// Sends one request. Follows no redirects, and waits for the answer for at most 15 seconds.
    fn send(&self, request: WebhookRequest) -> BoxFuture<'_, WebhookAnswer>;
}

/// A request to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRequest {
    /// Where it goes.
    pub url: String,
    /// `webhook-id`: the same for every attempt.
    pub id: String,
    /// `webhook-timestamp`: when the attempt began, in seconds since 1970.
    pub seconds: i64,
    /// `webhook-signature`: one for each secret.
    pub signature: String,
    /// The body: JSON.
    pub body: String,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookAnswer {
    /// The status of the answer; `None` without an answer.
    pub status: Option<u16>,
    /// The beginning of the answer's body: at most 1 KiB, as far as it is text.
    pub body: Option<String>,
    /// Why there is no answer.
    pub error: Option<String>,
}
