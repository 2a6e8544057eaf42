//! Refunds a payment.

use super::read::read_payment;
use crate::ports::PaymentGateway;
use crate::repositories::ShopRepositories;
use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::PaymentId;
use mainstay_domain::order::Order;
use mainstay_domain::payment::{Payment, PaymentStatus};
use mainstay_domain::{Error, Result};
use mainstay_engine::{BackgroundJob, CommandContext, PrepareContext, PreparedCommand, UseCase};
use serde::{Deserialize, Serialize};

/// Refunds a whole payment. The gateway deduplicates calls by the payment's id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefundPayment {
    /// The payment to refund, in full.
    pub payment: PaymentId,
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

/// Whether the gateway was called; it was not when there was nothing to refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayRefund {
    /// The gateway refunded the payment.
    Refunded,
    /// The payment had not succeeded, or was refunded before.
    Skipped,
}

impl PreparedCommand for RefundPayment {
    type Prepared = GatewayRefund;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<GatewayRefund> {
        let payment = read_payment(cx, self.payment).await?;
        if payment.status != PaymentStatus::Succeeded {
            return Ok(GatewayRefund::Skipped);
        }
        let reference = payment
            .reference
            .ok_or_else(|| Error::bug("a collected payment without a reference"))?;
        let gateway = cx.extension::<dyn PaymentGateway>()?;
        gateway.refund(payment.id, &reference, payment.amount).await?;
        Ok(GatewayRefund::Refunded)
    }

    async fn run(self, refund: GatewayRefund, cx: &mut CommandContext<'_>) -> Result<()> {
        let (scope, now) = (cx.scope(), cx.now());
        let before = cx.payments().find(&scope, self.payment).await?;
        if refund == GatewayRefund::Skipped || before.status != PaymentStatus::Succeeded {
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
