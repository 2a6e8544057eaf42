//! Places an order.

use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::access::{Access, Action, Permission, Permit};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::event::Story;
use mainstay_domain::fault::Faults;
use mainstay_domain::id::ProductId;
use mainstay_domain::order::{self, Line, MOST_LINES, MOST_QUANTITY, Order, OrderItem};
use mainstay_domain::product::{Product, ProductStatus};
use mainstay_domain::{Error, Result};
use std::collections::BTreeMap;

/// Places an order at the current prices; the stock is held until the order is paid or its time is up.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    /// The ordered lines. The quantities of lines with the same product are added up.
    pub lines: Vec<Line>,
}

impl UseCase for PlaceOrder {
    const NAME: &'static str = "order.place";
    const ACCESS: Access = Access::permission(Permission::CREATE_ORDER);
    type Output = Order;

    fn validate(&self) -> Result<(), Faults> {
        let mut errors = Faults::new();
        if self.lines.is_empty() || self.lines.len() > MOST_LINES {
            errors.add("items", "LENGTH", format!("must have 1 to {MOST_LINES} lines"));
        }
        for (product, (at, quantity)) in self.wanted() {
            if quantity > MOST_QUANTITY {
                let message = format!("at most {MOST_QUANTITY} of {product} in one order");
                errors.add(format!("items[{at}].quantity"), "RANGE", message);
            }
        }
        errors.check()
    }
}

impl PlaceOrder {
    /// The quantity by product, with the index of the product's first line. Sorted, so that two orders never deadlock.
    fn wanted(&self) -> BTreeMap<ProductId, (usize, u32)> {
        let mut wanted = BTreeMap::new();
        for (at, line) in self.lines.iter().enumerate() {
            let (_, quantity) = wanted.entry(line.product_id).or_insert((at, 0_u32));
            *quantity = quantity.saturating_add(line.quantity);
        }
        wanted
    }
}

impl Command for PlaceOrder {
    async fn run(self, work: &mut Work<'_>) -> Result<Order> {
        let buyer = work
            .caller()
            .user_id()
            .ok_or(Error::Unauthenticated(Unauthenticated::Missing))?;
        let (now, hold) = (work.now(), work.services().policies().reservation_ttl);
        let number = order::number(now, work.random());
        let id = work.make_id();
        let permit = work.permit_new::<Order>(Action::PLACE, id, Some(buyer))?;
        let items = hold_stock(work, &permit, self.wanted()).await?;
        let order = Order::place((id, number, buyer), items, now, hold)?;
        // Deferred together with the domain event: on PostgreSQL that is one round trip for both.
        work.tail.order(&permit, order.clone())?;
        work.record(permit, Story::created("order.placed", &order));
        Ok(order)
    }
}

/// Takes every line from the stock, or reports every line that falls short, and the transaction takes none.
async fn hold_stock(
    work: &mut Work<'_>,
    permit: &Permit<Order>,
    wanted: BTreeMap<ProductId, (usize, u32)>,
) -> Result<Vec<OrderItem>> {
    let (now, scope) = (work.now(), work.scope::<Product>());
    let (mut items, mut short, mut unknown) = (Vec::new(), Faults::new(), Faults::new());
    for (product, (at, quantity)) in wanted {
        if let Some(taken) = work.products().take(permit, product, quantity, now).await? {
            items.push((
                at,
                OrderItem::new(product, taken.sku, taken.name, quantity, taken.price)?,
            ));
            continue;
        }
        match work.products().shortage(&scope, product).await? {
            Some((ProductStatus::Active, left)) => {
                short.add(
                    format!("items[{at}].quantity"),
                    "OUT_OF_STOCK",
                    format!("{left} are left"),
                );
            }
            _ => unknown.add(
                format!("items[{at}].productId"),
                "NOT_FOUND",
                "there is no such product on sale",
            ),
        }
    }
    unknown.check()?;
    short.check().map_err(Error::OutOfStock)?;
    items.sort_unstable_by_key(|(at, _)| *at);
    Ok(items.into_iter().map(|(_, item)| item).collect())
}
