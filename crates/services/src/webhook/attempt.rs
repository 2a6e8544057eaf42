//! Records what became of an attempt.

use super::answer::AttemptAnswer;
use crate::mail::{self, AccountMail};
use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::user::User;
use mainstay_domain::webhook::{
    WebhookDelivery, WebhookDeliveryId, WebhookDeliveryStatus, WebhookEndpoint, WebhookEndpointStatus,
};
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_platform::database::Isolation;

/// Records what became of an attempt: the delivery is delivered, due again later, or dead. An endpoint that is gone, or has
/// failed for a day, is disabled, and the user who registered it is informed by mail.
#[derive(Debug, Clone)]
pub struct RecordAttempt {
    /// The delivery.
    pub delivery: WebhookDeliveryId,
    /// Which attempt it was: the number of attempts that had begun with it.
    pub attempts: i64,
    /// What became of it.
    pub answer: AttemptAnswer,
}

impl UseCase for RecordAttempt {
    const NAME: &'static str = "webhook.record";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl Command for RecordAttempt {
    const RECORDS_NO_EVENT: bool = true;
    /// Of two failures at once, one disables the endpoint.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let before = match cx.rows::<WebhookDelivery>().find(self.delivery).await {
            Ok(delivery) => delivery,
            // It was deleted with its endpoint.
            Err(Error::NotFound) => return Ok(()),
            Err(error) => return Err(error),
        };
        // The lease was over, and another attempt has begun; or the delivery was replayed.
        if before.attempts != self.attempts || before.status != WebhookDeliveryStatus::Pending {
            return Ok(());
        }
        let now = cx.now();
        let noted = WebhookDelivery {
            response_status: self.answer.status.map(i64::from),
            response: self.answer.body.clone(),
            error: self.answer.error.clone(),
            duration_ms: Some(self.answer.duration_ms),
            ..before
        };
        let after = match self.answer.is_success() {
            true => noted.delivered(now),
            false => noted.failed(now),
        };
        cx.rows().update(WebhookDelivery::SEND, &after).await?;
        note_endpoint(cx, &after, &self.answer).await
    }
}

async fn note_endpoint(
    cx: &mut CommandContext<'_>,
    delivery: &WebhookDelivery,
    answer: &AttemptAnswer,
) -> Result<()> {
    let before = cx.rows::<WebhookEndpoint>().find(delivery.endpoint_id).await?;
    let after = match answer.is_success() {
        true => before.clone().succeeded(),
        false => before.clone().failed(answer.is_gone(), cx.now()),
    };
    if after == before {
        return Ok(());
    }
    if after.status == before.status {
        cx.rows().update(WebhookEndpoint::NOTE, &after).await?;
        return Ok(());
    }
    let permit = cx.rows().update(WebhookEndpoint::GIVE_UP, &after).await?;
    debug_assert_eq!(
        after.status,
        WebhookEndpointStatus::Disabled,
        "an attempt enables nothing"
    );
    let event = DomainEvent::acted("webhook-endpoint.disabled", "DISABLE", &before, &after);
    cx.record(permit, event);
    let scope = cx.scope::<User>();
    match cx.users().find(&scope, after.user_id).await {
        Ok(user) => mail::send(cx, &user, AccountMail::WebhookDisabled { url: after.url }),
        Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}
