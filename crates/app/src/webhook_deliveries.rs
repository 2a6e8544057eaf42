//! The periodic task that sends webhooks.

use mainstay_background::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_engine::Engine;
use mainstay_services::webhook::WebhookSending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Sends deliveries that are due. A request that is under way when the process stops is sent again by another one, when its
/// lease is over.
pub(crate) struct WebhookDeliveries {
    sending: WebhookSending,
    finished: Arc<Notify>,
}

impl WebhookDeliveries {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            sending: WebhookSending::new(engine.pipeline().clone()),
            finished: Arc::default(),
        }
    }
}

impl PeriodicTask for WebhookDeliveries {
    const NAME: &'static str = "webhook deliveries";
    const INTERVAL: Duration = Duration::from_secs(1);
    const SPACING: Duration = Duration::from_millis(20);

    async fn run_once(&mut self) -> Result<Progress> {
        for claimed in self.sending.claim().await? {
            let (sending, finished) = (self.sending.clone(), Arc::clone(&self.finished));
            // Not awaited: an endpoint that takes long holds up none of the others.
            tokio::spawn(async move {
                if let Err(error) = sending.attempt(claimed).await {
                    tracing::warn!(%error, "the outcome of a webhook could not be recorded; it is sent again");
                }
                finished.notify_one();
            });
        }
        Ok(Progress::Rest)
    }

    /// A request that has ended makes room for the next one to the same endpoint.
    fn wakes(&self) -> Option<&Notify> {
        Some(&self.finished)
    }
}
