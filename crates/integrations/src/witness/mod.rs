//! Sends the head of the audit chain to a receiver outside of this machine, as a webhook.

mod webhook;
#[cfg(test)]
mod webhook_tests;

pub use webhook::{HeadReceiverError, WebhookReceiver};

use mainstay_engine::audit::HeadReceiver;
use mainstay_platform::config::Settings;
use std::sync::Arc;

/// The receiver that the settings name (`AUDIT_WITNESS_URL`), if any.
///
/// # Errors
/// The HTTP client cannot be created.
pub fn head_receiver(settings: &Settings) -> Result<Option<Arc<dyn HeadReceiver>>, HeadReceiverError> {
    let witness = &settings.audit_witness;
    let Some(url) = &witness.url else {
        return Ok(None);
    };
    let receiver = WebhookReceiver::new(url.clone(), witness.secret.clone())?;
    Ok(Some(Arc::new(receiver)))
}
