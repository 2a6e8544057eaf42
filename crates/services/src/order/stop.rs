//! What happens to the payment of an order that ends.

use crate::payment::{RefundPayment, VoidPayment};
use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::order::Order;
use mainstay_domain::payment::{Payment, PaymentStatus};
use mainstay_engine::CommandContext;

/// Refunds the collected money of an ended order, and prevents the collection of a pending payment.
pub(super) async fn stop_payment(cx: &mut CommandContext<'_>, order: &Order) -> Result<()> {
    let (scope, now) = (cx.scope_to(Payment::CANCEL), cx.now());
    let Some(payment) = cx.payments().of_order(&scope, order.id).await? else {
        return Ok(());
    };
    match payment.status {
        PaymentStatus::Succeeded => cx.enqueue(&RefundPayment { payment: payment.id }),
        PaymentStatus::Pending => {
            // The gateway may be collecting right now, or may have collected long ago without Mainstay knowing, and
            // the charge job may be on its last attempt: only the gateway knows.
            let permit = cx.permit(Payment::CANCEL, &payment)?;
            let stopped = payment.clone().become_status(PaymentStatus::Cancelled, now)?;
            cx.payments().save(&permit, &stopped, payment.status).await?;
            cx.record(
                permit,
                DomainEvent::updated("payment.cancelled", &payment, &stopped),
            );
            cx.enqueue(&VoidPayment { payment: payment.id })
        }
        PaymentStatus::Failed | PaymentStatus::Cancelled | PaymentStatus::Refunded => Ok(()),
    }
}
