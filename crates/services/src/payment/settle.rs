//! Applies the gateway's answer to a payment and its order.

use super::RefundPayment;
use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::order::{Order, OrderStatus, OrderTransition};
use mainstay_domain::payment::{Payment, PaymentStatus};
use mainstay_engine::CommandContext;

/// Records that the money was collected: the order is paid, or a refund is enqueued if the order has ended meanwhile.
pub(super) async fn collected(cx: &mut CommandContext<'_>, before: Payment, reference: String) -> Result<()> {
    let now = cx.now();
    let permit = cx.permit(Payment::SETTLE, &before)?;
    let mut after = before.clone().become_status(PaymentStatus::Succeeded, now)?;
    after.reference = Some(reference);
    cx.payments().save(&permit, &after, before.status).await?;
    cx.record(permit, DomainEvent::updated("payment.succeeded", &before, &after));

    let scope = cx.scope::<Order>();
    let order = cx.orders().find(&scope, after.order_id).await?;
    if order.status != OrderStatus::Pending {
        return cx.enqueue(&RefundPayment { payment: after.id });
    }
    let permit = cx.permit(Order::SETTLE, &order)?;
    let paid = order.clone().step(OrderTransition::Settle, now)?;
    cx.orders().save(&permit, &paid).await?;
    cx.record(permit, DomainEvent::acted("order.paid", "PAY", &order, &paid));
    Ok(())
}

/// Records that the money was not collected and never will be: another payment may be started.
pub(super) async fn failed(cx: &mut CommandContext<'_>, before: Payment, reason: String) -> Result<()> {
    let permit = cx.permit(Payment::SETTLE, &before)?;
    let mut after = before.clone().become_status(PaymentStatus::Failed, cx.now())?;
    after.failure = Some(reason);
    cx.payments().save(&permit, &after, before.status).await?;
    cx.record(permit, DomainEvent::updated("payment.failed", &before, &after));
    Ok(())
}
