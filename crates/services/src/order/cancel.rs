//! Cancels an order.

use super::stop::stop_payment;
use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::OrderId;
use mainstay_domain::order::{Order, OrderTransition};
use mainstay_domain::state::{ExpectedVersion, State};
use mainstay_engine::{Command, CommandContext, UseCase};
use serde_json::json;

/// Cancels an order before it is shipped: the stock is returned, and a job refunds what was paid.
#[derive(Debug, Clone)]
pub struct CancelOrder {
    /// The order to cancel.
    pub id: OrderId,
    /// The reason, for the audit trail.
    pub reason: Option<String>,
    /// The states that the caller expects (`If-Match`).
    pub expected: ExpectedVersion,
}

impl UseCase for CancelOrder {
    const NAME: &'static str = "order.cancel";
    const ACCESS: Access = Access::signed_in();
    type Output = Order;
}

impl Command for CancelOrder {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Order> {
        let (scope, now) = (cx.scope_to::<Order>(Order::CANCEL), cx.now());
        let before = cx.orders().find(&scope, self.id).await?;
        let permit = cx.permit(Order::CANCEL, &before)?;
        self.expected.check(State::of(before.version))?;
        let after = before.clone().step(OrderTransition::Cancel, now)?;
        cx.orders().save(&permit, &after).await?;
        cx.products().put_back(&permit, &after, now).await?;
        stop_payment(cx, &after).await?;
        let was = json!({"status": before.status});
        let is = json!({"status": after.status, "reason": self.reason});
        let mut event = DomainEvent::acted("order.cancelled", "CANCEL", &was, &is);
        event.payload = Some(json!(after));
        cx.record(permit, event);
        Ok(after)
    }
}
