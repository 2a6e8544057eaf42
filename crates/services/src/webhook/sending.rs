//! Sends deliveries that are due.

use super::answer::AttemptAnswer;
use super::attempt::RecordAttempt;
use super::claim::{ClaimDeliveries, ClaimedDelivery};
use super::secret::sign;
use crate::ports::{WebhookRequest, WebhookSender};
use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::webhook::WebhookEndpointId;
use mainstay_engine::{Pipeline, RequestContext};
use mainstay_platform::stopwatch::Stopwatch;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Sends deliveries that are due. Cheap to clone; the clones share what they have under way.
#[derive(Clone)]
pub struct WebhookSending {
    pipeline: Pipeline,
    busy: Arc<Mutex<HashMap<WebhookEndpointId, u32>>>,
}

impl WebhookSending {
    /// With nothing under way.
    pub fn new(pipeline: Pipeline) -> Self {
        Self {
            pipeline,
            busy: Arc::default(),
        }
    }

    /// Claims deliveries that are due, as many as may be under way. Each must be passed to [`attempt`](Self::attempt).
    ///
    /// # Errors
    /// The database's.
    pub async fn claim(&self) -> Result<Vec<ClaimedDelivery>> {
        let busy = self.busy.lock().clone();
        let claimed = self.pipeline.command(&system(), ClaimDeliveries { busy }).await?;
        let mut busy = self.busy.lock();
        for claimed in &claimed.output {
            *busy.entry(claimed.delivery.endpoint_id).or_default() += 1;
        }
        Ok(claimed.output)
    }

    /// Sends a claimed delivery, and records what became of it.
    ///
    /// # Errors
    /// The database's: the delivery is sent again when its lease is over.
    pub async fn attempt(&self, claimed: ClaimedDelivery) -> Result<()> {
        let endpoint = claimed.delivery.endpoint_id;
        let answer = self.send(&claimed).await;
        let record = RecordAttempt {
            delivery: claimed.delivery.id,
            attempts: claimed.delivery.attempts,
            answer,
        };
        let recorded = self.pipeline.command(&system(), record).await;
        let mut busy = self.busy.lock();
        if let Some(count) = busy.get_mut(&endpoint) {
            *count -= 1;
            if *count == 0 {
                busy.remove(&endpoint);
            }
        }
        recorded.map(|_done| ())
    }

    async fn send(&self, claimed: &ClaimedDelivery) -> AttemptAnswer {
        let components = self.pipeline.components();
        let sender = match components.extensions.get::<dyn WebhookSender>() {
            Ok(sender) => sender,
            Err(error) => return AttemptAnswer::unsent(error.to_string()),
        };
        let id = claimed.delivery.event_id.to_string();
        let seconds = components.node.now().micros() / 1_000_000;
        let signed = sign(
            &components.sealer,
            claimed.delivery.endpoint_id,
            claimed.secrets.iter().map(Vec::as_slice),
            (&id, seconds, &claimed.body),
        );
        let signature = match signed {
            Ok(signature) => signature,
            Err(error) => return AttemptAnswer::unsent(error.to_string()),
        };
        let watch = Stopwatch::start();
        let answer = sender.send(WebhookRequest {
            url: claimed.url.clone(),
            id,
            seconds,
            signature,
            body: claimed.body.clone(),
        });
        let answer = answer.await;
        let duration_ms = i64::try_from(watch.elapsed().as_millis()).unwrap_or(i64::MAX);
        AttemptAnswer::of(answer, duration_ms)
    }
}

fn system() -> RequestContext {
    RequestContext::system(SystemCaller::WORKER)
}
