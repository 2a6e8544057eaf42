//! Collects a payment.

use super::read::read_payment;
use super::{VoidPayment, settle};
use crate::ports::{Charge, PaymentGateway};
use crate::repositories::ShopRepositories;
use mainstay_domain::access::Access;
use mainstay_domain::id::PaymentId;
use mainstay_domain::payment::PaymentStatus;
use mainstay_domain::{Error, Result};
use mainstay_engine::job::JobSpec;
use mainstay_engine::{BackgroundJob, CommandContext, PrepareContext, PreparedCommand, UseCase};
use serde::{Deserialize, Serialize};

/// Has the gateway collect a payment, and settles the order. The gateway deduplicates calls by the payment's id, so
/// when a worker dies in between and the next one calls again, the payer is charged once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChargePayment {
    /// The payment to collect.
    pub payment: PaymentId,
}

impl UseCase for ChargePayment {
    const NAME: &'static str = "payment.charge";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl BackgroundJob for ChargePayment {
    const QUEUE: &'static str = "payments";
    const MAX_ATTEMPTS: u32 = 12;

    /// It is unknown then whether the money moved, so the payment must neither stay pending nor count as failed.
    fn on_dead(&self) -> Result<Option<JobSpec>> {
        JobSpec::of(&VoidPayment {
            payment: self.payment,
        })
        .map(Some)
    }
}

impl PreparedCommand for ChargePayment {
    /// The gateway's answer; `None` when the payment was not pending, so that the gateway was not called.
    type Prepared = Option<Charge>;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<Option<Charge>> {
        let payment = read_payment(cx, self.payment).await?;
        if payment.status != PaymentStatus::Pending {
            return Ok(None);
        }
        let gateway = cx.extension::<dyn PaymentGateway>()?;
        gateway.charge(payment.id, payment.amount).await.map(Some)
    }

    async fn run(self, answer: Option<Charge>, cx: &mut CommandContext<'_>) -> Result<()> {
        let scope = cx.scope();
        let payment = cx.payments().find(&scope, self.payment).await?;
        match (answer, payment.status) {
            // Cancelled while the gateway was collecting: settled all the same, and then refunded.
            (Some(Charge::Collected { reference }), PaymentStatus::Pending | PaymentStatus::Cancelled) => {
                settle::collected(cx, payment, reference).await
            }
            (Some(Charge::Collected { .. }), PaymentStatus::Failed) => Err(Error::bug(
                "the gateway collected what it had refused or called off",
            )),
            (Some(Charge::Refused { reason }), PaymentStatus::Pending) => {
                settle::failed(cx, payment, reason).await
            }
            // Settled by another attempt, or cancelled: then a void finds out the outcome of an earlier attempt.
            _ => Ok(()),
        }
    }
}
