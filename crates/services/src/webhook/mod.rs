//! Outgoing webhooks (Standard Webhooks): endpoints, and the deliveries of events to them.
//!
//! The relay asks [`WebhookSubscriber`] which events an endpoint wants. For each, the job [`DispatchEvent`] stores one
//! delivery for each endpoint; [`WebhookSending`] claims those that are due and sends them.

mod answer;
mod attempt;
mod claim;
mod create;
mod delete;
mod deliveries;
mod dispatch;
mod list;
mod read;
mod replay;
mod rotate_secret;
mod secret;
mod sending;
mod test_endpoint;
mod update;

pub use answer::AttemptAnswer;
pub use attempt::RecordAttempt;
pub use claim::{ClaimDeliveries, ClaimedDelivery};
pub use create::CreateWebhookEndpoint;
pub use delete::DeleteWebhookEndpoint;
pub use deliveries::ListWebhookDeliveries;
pub use dispatch::{DispatchEvent, WebhookSubscriber};
pub use list::ListWebhookEndpoints;
pub use read::ReadWebhookEndpoint;
pub use replay::ReplayWebhookDelivery;
pub use rotate_secret::RotateWebhookSecret;
pub use secret::NewWebhookSecret;
pub use sending::WebhookSending;
pub use test_endpoint::TestWebhookEndpoint;
pub use update::UpdateWebhookEndpoint;

use crate::ports::WebhookSender;
use mainstay_domain::Result;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::webhook::WebhookEndpoint;
use mainstay_engine::CommandContext;

/// Checks what a client sent of an endpoint, as far as it sent it; returns the patterns, each once.
fn check_fields(
    (url, description, kinds): (Option<&str>, Option<&str>, Option<&[String]>),
) -> Result<(), ValidationErrors> {
    let mut errors = ValidationErrors::new();
    if url.is_some_and(|url| url.len() > WebhookEndpoint::MAX_URL) {
        errors.add("url", "LENGTH", "must be at most 2000 bytes");
    }
    let most = WebhookEndpoint::MAX_DESCRIPTION;
    if let Some(text) = description.filter(|text| !text.is_empty()) {
        errors.take("description", mainstay_domain::text::line(text, most));
    }
    if let Some(Err((at, invalid))) = kinds.map(WebhookEndpoint::check_kinds) {
        let path = at.map_or_else(|| "kinds".to_owned(), |at| format!("kinds[{at}]"));
        errors.add(path, invalid.code, invalid.message);
    }
    errors.check()
}

/// The description in its canonical form.
fn canonical(description: &str) -> String {
    let most = WebhookEndpoint::MAX_DESCRIPTION;
    mainstay_domain::text::line(description, most).unwrap_or_default()
}

/// Checks that requests may be sent to a URL.
fn check_url(cx: &CommandContext<'_>, url: &str) -> Result<()> {
    let sender = cx.extension::<dyn WebhookSender>()?;
    let checked = sender.check(url);
    checked.map_err(|invalid| ValidationErrors::one("url", invalid.code, invalid.message).into())
}

/// The patterns, each once.
fn unique(kinds: &[String]) -> Vec<String> {
    WebhookEndpoint::check_kinds(kinds).unwrap_or_default()
}
