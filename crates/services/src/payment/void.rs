//! Voids a payment.

use super::read::read_payment;
use super::settle;
use crate::ports::{PaymentGateway, Voided};
use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::id::PaymentId;
use mainstay_domain::payment::PaymentStatus;
use mainstay_engine::{BackgroundJob, CommandContext, PrepareContext, PreparedCommand, UseCase};
use serde::{Deserialize, Serialize};

/// Has the gateway void a payment, and finds out whether it was collected already: the answer to a charge may have been
/// lost, and the charge itself may still be under way. What was collected is settled like any other charge, so that it
/// is refunded if the order has ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VoidPayment {
    /// The payment to void.
    pub payment: PaymentId,
}

impl UseCase for VoidPayment {
    const NAME: &'static str = "payment.void";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl BackgroundJob for VoidPayment {
    const QUEUE: &'static str = "payments";
    /// A customer's money may be at stake and no client waits, so the job retries through a day without the gateway.
    const MAX_ATTEMPTS: u32 = 36;
}

impl PreparedCommand for VoidPayment {
    /// The gateway's answer; `None` when the payment was settled, so that the gateway was not called.
    type Prepared = Option<Voided>;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<Option<Voided>> {
        let payment = read_payment(cx, self.payment).await?;
        if !matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Cancelled) {
            return Ok(None);
        }
        let gateway = cx.extension::<dyn PaymentGateway>()?;
        gateway.void(payment.id, payment.amount).await.map(Some)
    }

    async fn run(self, answer: Option<Voided>, cx: &mut CommandContext<'_>) -> Result<()> {
        let scope = cx.scope();
        let payment = cx.payments().find(&scope, self.payment).await?;
        match (answer, payment.status) {
            (Some(Voided::Collected { reference }), PaymentStatus::Pending | PaymentStatus::Cancelled) => {
                settle::collected(cx, payment, reference).await
            }
            (Some(Voided::Nothing), PaymentStatus::Pending) => {
                let reason = "the payment could not be collected in time".to_owned();
                settle::failed(cx, payment, reason).await
            }
            // Settled by a charge that was under way, or cancelled with its order.
            _ => Ok(()),
        }
    }
}
