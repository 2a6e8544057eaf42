//! Expires an order that was not paid in time.

use super::stop::stop_payment;
use crate::repositories::ShopRepositories;
use mainstay_domain::access::{Access, SystemCaller};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::OrderId;
use mainstay_domain::order::{Order, OrderStatus, OrderTransition};
use mainstay_domain::payment::PaymentStatus;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Pipeline, Query, QueryContext, RequestContext, UseCase};
use std::time::Duration;

/// How long a pending payment keeps its order from expiring. The charge job calls the gateway for about an hour; when
/// the outcome is not known by then, the stock must not be held for it for ever.
const MAX_PAYMENT_TIME: Duration = Duration::from_hours(2);

/// Expires an order that was not paid in time: the stock is returned, and a payment that is still pending is cancelled.
#[derive(Debug, Clone)]
pub struct ExpireOrder {
    /// The order to expire.
    pub id: OrderId,
}

impl UseCase for ExpireOrder {
    const NAME: &'static str = "order.expire";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl Command for ExpireOrder {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let (scope, now) = (cx.scope::<Order>(), cx.now());
        let before = cx.orders().find_locked(&scope, self.id).await?;
        let payments = cx.scope();
        let payment = cx.payments().of_order(&payments, before.id).await?;
        let paying = payment.is_some_and(|payment| {
            payment.status == PaymentStatus::Pending && payment.created_at > now.before(MAX_PAYMENT_TIME)
        });
        if before.status != OrderStatus::Pending || now < before.reserved_until || paying {
            return Ok(());
        }
        let permit = cx.permit(Order::EXPIRE, &before)?;
        let after = before.clone().step(OrderTransition::Expire, now)?;
        cx.orders().save(&permit, &after).await?;
        cx.products().put_back(&permit, &after, now).await?;
        stop_payment(cx, &after).await?;
        cx.record(
            permit,
            DomainEvent::acted("order.expired", "EXPIRE", &before, &after),
        );
        Ok(())
    }
}

/// The largest number of orders that one call of [`expire_orders`] expires.
pub const EXPIRY_BATCH: u32 = 100;

/// Expires orders whose reservation has run out; returns how many. When [`EXPIRY_BATCH`], there may be more. An order
/// that cannot be expired is logged and does not hold up the others.
///
/// # Errors
/// The database is unavailable.
pub async fn expire_orders(pipeline: &Pipeline) -> Result<usize> {
    let cx = RequestContext::system(SystemCaller::SWEEPER);
    let overdue = pipeline.query(&cx, OverdueOrders).await?;
    let mut expired = 0;
    for id in overdue {
        match pipeline.command(&cx, ExpireOrder { id }).await {
            Ok(_) => expired += 1,
            Err(error @ Error::Unavailable { .. }) => return Err(error),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(order = %id, %error, cause, "an expired order cannot be cancelled");
            }
        }
    }
    Ok(expired)
}

/// Lists the orders that are to be expired, at most [`EXPIRY_BATCH`].
#[derive(Debug, Clone)]
struct OverdueOrders;

impl UseCase for OverdueOrders {
    const NAME: &'static str = "order.overdue";
    const ACCESS: Access = Access::system();
    type Output = Vec<OrderId>;
}

impl Query for OverdueOrders {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Vec<OrderId>> {
        let (scope, now) = (cx.scope::<Order>(), cx.now());
        let window = (now, now.before(MAX_PAYMENT_TIME));
        let overdue = cx.orders().overdue(&scope, window, EXPIRY_BATCH).await?;
        Ok(overdue.into_iter().map(|order| order.id).collect())
    }
}
