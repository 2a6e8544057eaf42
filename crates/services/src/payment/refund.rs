//! Refunds a payment.

use super::settle;
use crate::use_case::{Command, Job, UseCase};
use crate::work::{Outside, Repositories, Work};
use mainstay_domain::access::{Access, Action};
use mainstay_domain::event::Story;
use mainstay_domain::id::PaymentId;
use mainstay_domain::order::Order;
use mainstay_domain::payment::PaymentStatus;
use mainstay_domain::{Error, Result};
use serde::{Deserialize, Serialize};

/// Refunds a whole payment. The gateway deduplicates calls by the payment's id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefundPayment {
    /// The payment.
    pub payment: PaymentId,
    /// Whether the gateway refunded it; requested anew at each attempt, never stored.
    #[serde(skip)]
    refunded_by_gateway: bool,
}

impl RefundPayment {
    /// A refund of the payment.
    pub fn new(payment: PaymentId) -> Self {
        Self {
            payment,
            refunded_by_gateway: false,
        }
    }
}

impl UseCase for RefundPayment {
    const NAME: &'static str = "payment.refund";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl Job for RefundPayment {
    const QUEUE: &'static str = "payments";
    const MAX_ATTEMPTS: u32 = 12;
}

impl Command for RefundPayment {
    async fn prepare(mut self, outside: &Outside<'_>) -> Result<Self> {
        let payment = settle::read_payment(outside, self.payment).await?;
        if payment.status == PaymentStatus::Succeeded {
            let reference = payment
                .reference
                .ok_or_else(|| Error::bug("a collected payment without a reference"))?;
            outside
                .services()
                .parts()
                .gateway
                .refund(payment.id, &reference, payment.amount)
                .await?;
            self.refunded_by_gateway = true;
        }
        Ok(self)
    }

    async fn run(self, work: &mut Work<'_>) -> Result<()> {
        let (scope, now) = (work.scope(), work.now());
        let before = work.payments().find(&scope, self.payment).await?;
        if !self.refunded_by_gateway || before.status != PaymentStatus::Succeeded {
            return Ok(());
        }
        let permit = work.permit(Action::REFUND, &before)?;
        let after = before.clone().become_status(PaymentStatus::Refunded, now)?;
        work.payments().save(&permit, &after, before.status).await?;
        work.record(permit, Story::updated("payment.refunded", &before, &after));

        let orders = work.scope::<Order>();
        let order = work.orders().find(&orders, after.order_id).await?;
        let permit = work.permit(Action::REFUND, &order)?;
        let mut repaid = order.clone();
        repaid.refunded = order.refunded.plus(after.amount)?;
        repaid.version += 1;
        repaid.updated_at = now;
        work.orders().save(&permit, &repaid).await?;
        work.record(permit, Story::acted("order.repaid", "REPAY", &order, &repaid));
        Ok(())
    }
}
