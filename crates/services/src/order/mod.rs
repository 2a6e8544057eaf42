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

use crate::work::{Repositories, Work};
use mainstay_domain::Result;
use mainstay_domain::access::Permit;
use mainstay_domain::order::Order;

/// Gives the held stock back. By product, so that two of these never wait for each other in a circle.
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
