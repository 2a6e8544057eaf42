//! Voids a payment.

use super::settle;
use crate::context::{CommandContext, PrepareContext, Repositories};
use crate::ports::Voided;
use crate::use_case::{BackgroundJob, Command, UseCase};
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::id::PaymentId;
use mainstay_domain::payment::PaymentStatus;
use serde::{Deserialize, Serialize};

/// Has the gateway void a payment, and finds out whether it was collected already: the answer to a charge may have been
/// lost, and the charge itself may still be under way. What was collected is settled like any other charge, so that it
/// is refunded if the order has ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VoidPayment {
    /// The payment to void.
    pub payment: PaymentId,
    /// The gateway's answer; requested anew at each attempt, never stored.
    #[serde(skip)]
    answer: Option<Voided>,
}

impl VoidPayment {
    /// A void of the payment.
    pub fn new(payment: PaymentId) -> Self {
        Self {
            payment,
            answer: None,
        }
    }
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

impl Command for VoidPayment {
    async fn prepare(mut self, cx: &PrepareContext<'_>) -> Result<Self> {
        let payment = settle::read_payment(cx, self.payment).await?;
        if matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Cancelled) {
            let gateway = &cx.services().parts().gateway;
            self.answer = Some(gateway.void(payment.id, payment.amount).await?);
        }
        Ok(self)
    }

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let scope = cx.scope();
        let payment = cx.payments().find(&scope, self.payment).await?;
        match (self.answer, payment.status) {
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
