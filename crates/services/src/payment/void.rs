//! Calls a payment off.

use super::settle;
use crate::ports::Voided;
use crate::use_case::{Command, Job, UseCase};
use crate::work::{Outside, Repositories, Work};
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::id::PaymentId;
use mainstay_domain::payment::PaymentStatus;
use serde::{Deserialize, Serialize};

/// Has the gateway collect a payment no more, and finds out whether it did already: an answer to a charge may have been
/// lost, and the charge itself may still be on its way. What was collected is settled like any other, so that for an
/// order that has ended the money goes back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VoidPayment {
    /// Which.
    pub payment: PaymentId,
    /// What the gateway said; found out anew at each attempt, never stored.
    #[serde(skip)]
    said: Option<Voided>,
}

impl VoidPayment {
    /// Asks for a payment to be called off.
    pub fn new(payment: PaymentId) -> Self {
        Self { payment, said: None }
    }
}

impl UseCase for VoidPayment {
    const NAME: &'static str = "payment.void";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl Job for VoidPayment {
    const QUEUE: &'static str = "payments";
    /// Somebody's money may be at stake and nobody waits for it: a gateway that is away for a day is waited for.
    const MAX_ATTEMPTS: u32 = 36;
}

impl Command for VoidPayment {
    async fn prepare(mut self, outside: &Outside<'_>) -> Result<Self> {
        let payment = settle::look(outside, self.payment).await?;
        if matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Cancelled) {
            let gateway = &outside.services().parts().gateway;
            self.said = Some(gateway.void(payment.id, payment.amount).await?);
        }
        Ok(self)
    }

    async fn run(self, work: &mut Work<'_>) -> Result<()> {
        let scope = work.scope();
        let payment = work.payments().find(&scope, self.payment).await?;
        match (self.said, payment.status) {
            (Some(Voided::Collected { reference }), PaymentStatus::Pending | PaymentStatus::Cancelled) => {
                settle::collected(work, payment, reference).await
            }
            (Some(Voided::Nothing), PaymentStatus::Pending) => {
                let reason = "the payment could not be collected in time".to_owned();
                settle::failed(work, payment, reason).await
            }
            // Settled by a charge that was under way, or called off with its order.
            _ => Ok(()),
        }
    }
}
