//! Orders.

mod cancel;
mod expire;
mod list;
mod pay;
mod place;
mod read;

pub use cancel::CancelOrder;
pub use expire::ExpireOrder;
pub use list::ListOrders;
pub use pay::{PayOrder, StartedPayment};
pub use place::PlaceOrder;
pub use read::ReadOrder;

use crate::context::{CommandContext, Repositories};
use crate::payment::{RefundPayment, VoidPayment};
use mainstay_domain::Result;
use mainstay_domain::access::Permit;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::order::Order;
use mainstay_domain::payment::{Payment, PaymentStatus};

/// Returns the held stock. Ordered by product, so that two transactions never deadlock on each other's rows.
async fn put_stock_back(cx: &mut CommandContext<'_>, permit: &Permit<Order>, order: &Order) -> Result<()> {
    let now = cx.now();
    let mut lines: Vec<_> = order
        .items
        .iter()
        .map(|item| (item.product_id, item.quantity))
        .collect();
    lines.sort_unstable();
    for (product, quantity) in lines {
        cx.products().put_back(permit, product, quantity, now).await?;
    }
    Ok(())
}

/// Refunds the collected money of an ended order, and prevents the collection of a pending payment.
async fn stop_payment(cx: &mut CommandContext<'_>, order: &Order) -> Result<()> {
    let (scope, now) = (cx.scope_to(Payment::CANCEL), cx.now());
    let Some(payment) = cx.payments().of_order(&scope, order.id).await? else {
        return Ok(());
    };
    match payment.status {
        PaymentStatus::Succeeded => cx.enqueue(&RefundPayment::new(payment.id)),
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
            cx.enqueue(&VoidPayment::new(payment.id))
        }
        PaymentStatus::Failed | PaymentStatus::Cancelled | PaymentStatus::Refunded => Ok(()),
    }
}
