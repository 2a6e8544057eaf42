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
pub use pay::{Begun, PayOrder};
pub use place::PlaceOrder;
pub use read::ReadOrder;

use crate::payment::{RefundPayment, VoidPayment};
use crate::work::{Repositories, Work};
use mainstay_domain::Result;
use mainstay_domain::access::{Action, Permit};
use mainstay_domain::event::Story;
use mainstay_domain::order::Order;
use mainstay_domain::payment::PaymentStatus;

/// Returns the held stock. Ordered by product, so that two transactions never deadlock on each other's rows.
async fn put_stock_back(work: &mut Work<'_>, permit: &Permit<Order>, order: &Order) -> Result<()> {
    let now = work.now();
    let mut lines: Vec<_> = order
        .items
        .iter()
        .map(|item| (item.product_id, item.quantity))
        .collect();
    lines.sort_unstable();
    for (product, quantity) in lines {
        work.products().put_back(permit, product, quantity, now).await?;
    }
    Ok(())
}

/// Refunds the collected money of an ended order, and keeps a pending payment from being collected.
async fn stop_payment(work: &mut Work<'_>, order: &Order) -> Result<()> {
    let (scope, now) = (work.scope_to(Action::CANCEL), work.now());
    let Some(payment) = work.payments().of_order(&scope, order.id).await? else {
        return Ok(());
    };
    match payment.status {
        PaymentStatus::Succeeded => work.enqueue(&RefundPayment::new(payment.id)),
        PaymentStatus::Pending => {
            // The gateway may be collecting right now, or may have collected long ago without our knowing, and the
            // charge job may be on its last attempt: only the gateway knows.
            let permit = work.permit(Action::CANCEL, &payment)?;
            let stopped = payment.clone().become_status(PaymentStatus::Cancelled, now)?;
            work.payments().save(&permit, &stopped, payment.status).await?;
            work.record(permit, Story::updated("payment.cancelled", &payment, &stopped));
            work.enqueue(&VoidPayment::new(payment.id))
        }
        PaymentStatus::Failed | PaymentStatus::Cancelled | PaymentStatus::Refunded => Ok(()),
    }
}
