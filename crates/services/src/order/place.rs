//! Places an order.

use super::OrderSettings;
use crate::repositories::ShopRepositories;
use mainstay_domain::access::{Access, Permission, Permit};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::{OrderId, ProductId};
use mainstay_domain::order::{self, Line, MAX_LINES, MAX_QUANTITY, Order, OrderItem};
use mainstay_domain::product::{Product, ProductStatus};
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, UseCase};
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

    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        if self.lines.is_empty() || self.lines.len() > MAX_LINES {
            errors.add("items", "LENGTH", format!("must have 1 to {MAX_LINES} lines"));
        }
        for (product, (at, quantity)) in self.wanted() {
            if quantity > MAX_QUANTITY {
                let message = format!("at most {MAX_QUANTITY} of {product} in one order");
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
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Order> {
        let buyer = cx
            .caller()
            .user_id()
            .ok_or(Error::Unauthenticated(Unauthenticated::Missing))?;
        let (now, hold) = (cx.now(), cx.extension::<OrderSettings>()?.reservation_ttl);
        let number = order::number(now, cx.random());
        let id = cx.make_id();
        let permit = cx.permit_new::<Order>(Order::PLACE, id, Some(buyer))?;
        let items = hold_stock(cx, (&permit, id), self.wanted()).await?;
        let order = Order::place((id, number, buyer), items, now, hold)?;
        // Deferred together with the domain event: on PostgreSQL that is one round trip for both.
        cx.deferred().order(&permit, order.clone())?;
        cx.record(permit, DomainEvent::created("order.placed", &order));
        Ok(order)
    }
}

/// Takes every line from the stock, or reports every line that falls short, and the transaction takes none.
async fn hold_stock(
    cx: &mut CommandContext<'_>,
    (permit, order): (&Permit<Order>, OrderId),
    wanted: BTreeMap<ProductId, (usize, u32)>,
) -> Result<Vec<OrderItem>> {
    let (now, scope) = (cx.now(), cx.scope::<Product>());
    let (mut items, mut short, mut unknown) = (Vec::new(), ValidationErrors::new(), ValidationErrors::new());
    for (product, (at, quantity)) in wanted {
        if let Some(taken) = cx
            .products()
            .take(permit, order, (product, quantity), now)
            .await?
        {
            items.push((
                at,
                OrderItem::new(product, taken.sku, taken.name, quantity, taken.price)?,
            ));
            continue;
        }
        match cx.products().shortage(&scope, product).await? {
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
