//! Collects a payment.

use super::{VoidPayment, settle};
use crate::job::registry::JobSpec;
use crate::ports::Charge;
use crate::use_case::{Command, Job, UseCase};
use crate::work::{Outside, Repositories, Work};
use mainstay_domain::access::Access;
use mainstay_domain::id::PaymentId;
use mainstay_domain::payment::PaymentStatus;
use mainstay_domain::{Error, Result};
use serde::{Deserialize, Serialize};

/// Has the gateway collect a payment, and settles the order. The gateway deduplicates calls by the payment's id, so
/// when a worker dies in between and the next one calls again, the payer is charged once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChargePayment {
    /// The payment.
    pub payment: PaymentId,
    /// The gateway's answer; requested anew at each attempt, never stored.
    #[serde(skip)]
    answer: Option<Charge>,
}

impl ChargePayment {
    /// A charge of the payment.
    pub fn new(payment: PaymentId) -> Self {
        Self {
            payment,
            answer: None,
        }
    }
}

impl UseCase for ChargePayment {
    const NAME: &'static str = "payment.charge";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl Job for ChargePayment {
    const QUEUE: &'static str = "payments";
    const MAX_ATTEMPTS: u32 = 12;

    /// It is unknown then whether the money moved, so the payment must neither stay pending nor count as failed.
    fn given_up(&self) -> Result<Option<JobSpec>> {
        JobSpec::of(&VoidPayment::new(self.payment)).map(Some)
    }
}

impl Command for ChargePayment {
    async fn prepare(mut self, outside: &Outside<'_>) -> Result<Self> {
        let payment = settle::read_payment(outside, self.payment).await?;
        if payment.status == PaymentStatus::Pending {
            let gateway = &outside.services().parts().gateway;
            self.answer = Some(gateway.charge(payment.id, payment.amount).await?);
        }
        Ok(self)
    }

    async fn run(self, work: &mut Work<'_>) -> Result<()> {
        let scope = work.scope();
        let payment = work.payments().find(&scope, self.payment).await?;
        match (self.answer, payment.status) {
            // Cancelled while the gateway was collecting: settled all the same, and then refunded.
            (Some(Charge::Collected { reference }), PaymentStatus::Pending | PaymentStatus::Cancelled) => {
                settle::collected(work, payment, reference).await
            }
            (Some(Charge::Collected { .. }), PaymentStatus::Failed) => Err(Error::bug(
                "the gateway collected what it had refused or called off",
            )),
            (Some(Charge::Refused { reason }), PaymentStatus::Pending) => {
                settle::failed(work, payment, reason).await
            }
            // Settled by another attempt, or cancelled: then a void finds out the outcome of an earlier attempt.
            _ => Ok(()),
        }
    }
}
