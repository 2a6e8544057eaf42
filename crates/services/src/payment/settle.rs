//! Applies the gateway's answer to a payment and its order.

use super::RefundPayment;
use crate::work::{Outside, Repositories, Work};
use mainstay_domain::Result;
use mainstay_domain::access::{Action, SystemCaller};
use mainstay_domain::event::Story;
use mainstay_domain::id::PaymentId;
use mainstay_domain::order::{Move, Order, OrderStatus};
use mainstay_domain::payment::{Payment, PaymentStatus};

/// The payment as it is before the gateway is called.
pub(super) async fn read_payment(outside: &Outside<'_>, id: PaymentId) -> Result<Payment> {
    let read = outside.look(move |view| {
        Box::pin(async move {
            let scope = view.scope_of(SystemCaller::WORKER);
            view.payments().find(&scope, id).await
        })
    });
    read.await
}

/// Records that the money was collected: the order is paid, or a refund is enqueued if the order has ended meanwhile.
pub(super) async fn collected(work: &mut Work<'_>, before: Payment, reference: String) -> Result<()> {
    let now = work.now();
    let permit = work.permit(Action::SETTLE, &before)?;
    let mut after = before.clone().become_status(PaymentStatus::Succeeded, now)?;
    after.reference = Some(reference);
    work.payments().save(&permit, &after, before.status).await?;
    work.record(permit, Story::updated("payment.succeeded", &before, &after));

    let scope = work.scope::<Order>();
    let order = work.orders().find(&scope, after.order_id).await?;
    if order.status != OrderStatus::Pending {
        return work.enqueue(&RefundPayment::new(after.id));
    }
    let permit = work.permit(Action::SETTLE, &order)?;
    let paid = order.clone().step(Move::Settle, now)?;
    work.orders().save(&permit, &paid).await?;
    work.record(permit, Story::acted("order.paid", "PAY", &order, &paid));
    Ok(())
}

/// Records that the money was not collected and never will be: another payment may be started.
pub(super) async fn failed(work: &mut Work<'_>, before: Payment, reason: String) -> Result<()> {
    let permit = work.permit(Action::SETTLE, &before)?;
    let mut after = before.clone().become_status(PaymentStatus::Failed, work.now())?;
    after.failure = Some(reason);
    work.payments().save(&permit, &after, before.status).await?;
    work.record(permit, Story::updated("payment.failed", &before, &after));
    Ok(())
}
