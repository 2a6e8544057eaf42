//! Gives up an order that nobody paid in time.

use super::{put_stock_back, stop_payment};
use crate::context::Context;
use crate::services::Services;
use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::access::{Access, Action, SystemCaller};
use mainstay_domain::event::Story;
use mainstay_domain::id::OrderId;
use mainstay_domain::order::{Move, Order, OrderStatus};
use mainstay_domain::payment::PaymentStatus;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::ReadMode;
use std::time::Duration;

/// How long a payment may be under way and keep its order. The gateway is asked for about an hour; whatever has come of
/// that is not known by then, stock must not be held for it for ever.
const PAYING: Duration = Duration::from_hours(2);

/// Gives up an order that nobody paid in time: the stock goes back, and a payment that is still under way is called off.
#[derive(Debug, Clone)]
pub struct ExpireOrder {
    /// Which.
    pub id: OrderId,
}

impl UseCase for ExpireOrder {
    const NAME: &'static str = "order.expire";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl Command for ExpireOrder {
    async fn run(self, work: &mut Work<'_>) -> Result<()> {
        let (scope, now) = (work.scope::<Order>(), work.now());
        let before = work.orders().find_locked(&scope, self.id).await?;
        let payments = work.scope();
        let payment = work.payments().of_order(&payments, before.id).await?;
        let paying = payment.is_some_and(|payment| {
            payment.status == PaymentStatus::Pending && payment.created_at > now.before(PAYING)
        });
        if before.status != OrderStatus::Pending || now < before.reserved_until || paying {
            return Ok(());
        }
        let permit = work.permit(Action::EXPIRE, &before)?;
        let after = before.clone().step(Move::Expire, now)?;
        work.orders().save(&permit, &after).await?;
        put_stock_back(work, &permit, &after).await?;
        stop_payment(work, &after).await?;
        work.record(permit, Story::acted("order.expired", "EXPIRE", &before, &after));
        Ok(())
    }
}

/// So many orders are given up in one go.
const BATCH: u32 = 100;

impl Services {
    /// Gives up orders whose time is over; tells how many there were. When a hundred, there may be more. One that cannot
    /// be given up is said in the log and stands in nobody's way.
    ///
    /// # Errors
    /// The database is away.
    pub async fn expire_orders(&self) -> Result<usize> {
        let (cx, now) = (Context::system(SystemCaller::SWEEPER), self.now());
        let look = self.look(&cx, ReadMode::Thread, move |view| {
            Box::pin(async move {
                let scope = view.scope::<Order>();
                view.orders()
                    .overdue(&scope, (now, now.before(PAYING)), BATCH)
                    .await
            })
        });
        let overdue = look.await?;
        let mut ended = 0;
        for order in &overdue {
            match self.command(&cx, ExpireOrder { id: order.id }).await {
                Ok(_) => ended += 1,
                Err(error @ Error::Unavailable { .. }) => return Err(error),
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::error!(order = %order.id, %error, cause, "an order whose time is over cannot be given up");
                }
            }
        }
        Ok(ended)
    }
}
