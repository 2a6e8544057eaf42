//! Refunds a payment.

use super::settle;
use crate::context::{CommandContext, PrepareContext, Repositories};
use crate::use_case::{BackgroundJob, Command, UseCase};
use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::PaymentId;
use mainstay_domain::order::Order;
use mainstay_domain::payment::{Payment, PaymentStatus};
use mainstay_domain::{Error, Result};
use serde::{Deserialize, Serialize};

/// Refunds a whole payment. The gateway deduplicates calls by the payment's id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefundPayment {
    /// The payment to refund, in full.
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

impl BackgroundJob for RefundPayment {
    const QUEUE: &'static str = "payments";
    const MAX_ATTEMPTS: u32 = 12;
}

impl Command for RefundPayment {
    async fn prepare(mut self, cx: &PrepareContext<'_>) -> Result<Self> {
        let payment = settle::read_payment(cx, self.payment).await?;
        if payment.status == PaymentStatus::Succeeded {
            let reference = payment
                .reference
                .ok_or_else(|| Error::bug("a collected payment without a reference"))?;
            cx.services()
                .parts()
                .gateway
                .refund(payment.id, &reference, payment.amount)
                .await?;
            self.refunded_by_gateway = true;
        }
        Ok(self)
    }

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let (scope, now) = (cx.scope(), cx.now());
        let before = cx.payments().find(&scope, self.payment).await?;
        if !self.refunded_by_gateway || before.status != PaymentStatus::Succeeded {
            return Ok(());
        }
        let permit = cx.permit(Payment::REFUND, &before)?;
        let after = before.clone().become_status(PaymentStatus::Refunded, now)?;
        cx.payments().save(&permit, &after, before.status).await?;
        cx.record(permit, DomainEvent::updated("payment.refunded", &before, &after));

        let orders = cx.scope::<Order>();
        let order = cx.orders().find(&orders, after.order_id).await?;
        let permit = cx.permit(Order::REFUND, &order)?;
        let mut repaid = order.clone();
        repaid.refunded = order.refunded.plus(after.amount)?;
        repaid.version += 1;
        repaid.updated_at = now;
        cx.orders().save(&permit, &repaid).await?;
        cx.record(
            permit,
            DomainEvent::acted("order.repaid", "REPAY", &order, &repaid),
        );
        Ok(())
    }
}
