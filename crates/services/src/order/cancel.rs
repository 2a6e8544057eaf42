//! Cancels an order.

use super::{put_stock_back, stop_payment};
use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Action};
use mainstay_domain::event::Story;
use mainstay_domain::id::OrderId;
use mainstay_domain::order::{Move, Order};
use mainstay_domain::state::{Expected, State};
use serde_json::json;

/// Cancels an order before it is shipped: the stock is returned, and a job refunds what was paid.
#[derive(Debug, Clone)]
pub struct CancelOrder {
    /// The order.
    pub id: OrderId,
    /// The reason, for the audit trail.
    pub reason: Option<String>,
    /// The states that the caller expects (`If-Match`).
    pub expected: Expected,
}

impl UseCase for CancelOrder {
    const NAME: &'static str = "order.cancel";
    const ACCESS: Access = Access::signed_in();
    type Output = Order;
}

impl Command for CancelOrder {
    async fn run(self, work: &mut Work<'_>) -> Result<Order> {
        let (scope, now) = (work.scope_to::<Order>(Action::CANCEL), work.now());
        let before = work.orders().find(&scope, self.id).await?;
        let permit = work.permit(Action::CANCEL, &before)?;
        self.expected.check(State::of(before.version))?;
        let after = before.clone().step(Move::Cancel, now)?;
        work.orders().save(&permit, &after).await?;
        put_stock_back(work, &permit, &after).await?;
        stop_payment(work, &after).await?;
        let was = json!({"status": before.status});
        let is = json!({"status": after.status, "reason": self.reason});
        let mut event = Story::acted("order.cancelled", "CANCEL", &was, &is);
        event.payload = Some(json!(after));
        work.record(permit, event);
        Ok(after)
    }
}
