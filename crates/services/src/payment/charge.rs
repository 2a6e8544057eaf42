//! Collects a payment.

use super::RefundPayment;
use crate::ports::Charge;
use crate::use_case::{Command, Job, UseCase};
use crate::work::{Outside, Repositories, Work};
use mainstay_domain::access::{Access, Action, SystemCaller};
use mainstay_domain::event::Story;
use mainstay_domain::id::PaymentId;
use mainstay_domain::order::{Move, Order, OrderStatus};
use mainstay_domain::payment::{Payment, PaymentStatus};
use mainstay_domain::{Error, Result};
use serde::{Deserialize, Serialize};

/// Asks the gateway to collect a payment, and settles the order. The gateway folds repetitions by the payment's
/// id, so a worker that dies in between has charged once when the next one asks again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChargePayment {
    /// Which.
    pub payment: PaymentId,
    /// What the gateway said; found out anew at each attempt, never stored.
    #[serde(skip)]
    said: Option<Charge>,
}

impl ChargePayment {
    /// Asks for a charge.
    pub fn new(payment: PaymentId) -> Self {
        Self { payment, said: None }
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
}

impl Command for ChargePayment {
    async fn prepare(mut self, outside: &Outside<'_>) -> Result<Self> {
        let id = self.payment;
        let payment = outside
            .look(move |view| {
                Box::pin(async move {
                    let scope = view.scope_of(SystemCaller::WORKER);
                    view.payments().find(&scope, id).await
                })
            })
            .await?;
        if payment.status == PaymentStatus::Pending {
            self.said = Some(
                outside
                    .services()
                    .parts()
                    .gateway
                    .charge(id, payment.amount)
                    .await?,
            );
        }
        Ok(self)
    }

    async fn run(self, work: &mut Work<'_>) -> Result<()> {
        let scope = work.scope();
        let payment = work.payments().find(&scope, self.payment).await?;
        match (self.said, payment.status) {
            (Some(Charge::Collected { reference }), PaymentStatus::Pending | PaymentStatus::Cancelled) => {
                collected(work, payment, reference).await
            }
            (Some(Charge::Refused { reason }), PaymentStatus::Pending) => {
                refused(work, payment, reason).await
            }
            // Settled by an earlier attempt, or called off before the gateway was asked.
            _ => Ok(()),
        }
    }
}

async fn collected(work: &mut Work<'_>, before: Payment, reference: String) -> Result<()> {
    let now = work.now();
    let permit = work.permit(Action::SETTLE, &before)?;
    let mut after = before.clone().become_status(PaymentStatus::Succeeded, now)?;
    after.reference = Some(reference);
    work.payments().save(&permit, &after, before.status).await?;
    work.record(permit, Story::updated("payment.succeeded", &before, &after));

    let scope = work.scope::<Order>();
    let order = work.orders().find(&scope, after.order_id).await?;
    if order.status != OrderStatus::Pending {
        // Cancelled while the gateway was collecting: the money goes back.
        return work.enqueue(&RefundPayment::new(after.id));
    }
    let permit = work.permit(Action::SETTLE, &order)?;
    let paid = order.clone().step(Move::Settle, now)?;
    work.orders().save(&permit, &paid).await?;
    work.record(permit, Story::acted("order.paid", "PAY", &order, &paid));
    Ok(())
}

async fn refused(work: &mut Work<'_>, before: Payment, reason: String) -> Result<()> {
    let permit = work.permit(Action::SETTLE, &before)?;
    let mut after = before.clone().become_status(PaymentStatus::Failed, work.now())?;
    after.failure = Some(reason);
    work.payments().save(&permit, &after, before.status).await?;
    work.record(permit, Story::updated("payment.failed", &before, &after));
    Ok::<_, Error>(())
}
