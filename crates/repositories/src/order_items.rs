//! Order items: read for a whole page of orders at once, written for a whole order at once.

use crate::read::{BoundValue, bound, number};
use crate::sized_statements::SizedStatements;
use mainstay_domain::Result;
use mainstay_domain::access::Permit;
use mainstay_domain::currency::Currency;
use mainstay_domain::id::{OrderId, ProductId};
use mainstay_domain::money::Money;
use mainstay_domain::order::{Order, OrderItem};
use mainstay_domain::product::Sku;
use mainstay_platform::database::{Authorized, Change, DatabaseError, FromRow, Row, Select};
use std::fmt::Write as _;

pub(crate) static ITEMS_OF: SizedStatements<Select> = SizedStatements::new(
    concat!(module_path!(), "::ITEMS_OF"),
    &[1, 5, 20, 100],
    |orders| {
        let placeholders: Vec<String> = (1..=orders).map(|number| format!("${number}")).collect();
        format!(
            "SELECT order_id, product_id, sku, name, quantity, unit_amount, total_amount FROM order_items \
             WHERE order_id IN ({}) ORDER BY order_id, line",
            placeholders.join(", ")
        )
    },
    Select::new,
);

pub(crate) static INSERT_ITEMS: SizedStatements<Change<Order>> = SizedStatements::new(
    concat!(module_path!(), "::INSERT_ITEMS"),
    &[1, 2, 3, 4, 5, 6, 7, 8],
    |items| {
        let mut text =
            "INSERT INTO order_items (order_id, line, product_id, sku, name, quantity, unit_amount, \
                        total_amount) VALUES "
                .to_owned();
        for item in 0..items {
            let separator = if item == 0 { "($1" } else { ", ($1" };
            text.push_str(separator);
            for column in 0..7 {
                let _ = write!(text, ", ${}", 2 + item * 7 + column);
            }
            text.push(')');
        }
        text
    },
    |sql| Change::new("order_items", &[Order::PLACE], sql),
);

/// An item as it is stored: its amounts are in the currency of its order.
pub(crate) struct Item {
    product_id: ProductId,
    sku: String,
    name: String,
    quantity: u32,
    unit_amount: i64,
    total_amount: i64,
}

impl FromRow for Item {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            product_id: row.next()?,
            sku: row.next()?,
            name: row.next()?,
            quantity: row.next()?,
            unit_amount: row.next()?,
            total_amount: row.next()?,
        })
    }
}

impl Item {
    /// Converts it to an item of an order in the given currency.
    pub(crate) fn of(self, currency: Currency) -> OrderItem {
        OrderItem {
            product_id: self.product_id,
            sku: Sku::stored(self.sku),
            name: self.name,
            quantity: self.quantity,
            unit_price: Money {
                amount: self.unit_amount,
                currency,
            },
            total: Money {
                amount: self.total_amount,
                currency,
            },
        }
    }
}

/// An item and the id of its order.
pub(crate) struct OrderItemRow(pub(crate) OrderId, pub(crate) Item);

impl FromRow for OrderItemRow {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(row.next()?, Item::from_row(row)?))
    }
}

/// The statements that insert the items of a new order.
pub(crate) fn authorize_inserts(
    permit: &Permit<Order>,
    order: &Order,
) -> impl Iterator<Item = Result<Authorized<'static>>> {
    let chunks = order.items.chunks(INSERT_ITEMS.most());
    chunks.map(move |items| INSERT_ITEMS.fitting(items.len()).1.authorize(permit, order))
}

/// The values of these statements, in the same order.
pub(crate) fn inserted_rows(order: &Order) -> impl Iterator<Item = Vec<BoundValue<'_>>> {
    let size = INSERT_ITEMS.most();
    order.items.chunks(size).enumerate().map(move |(chunk, items)| {
        let mut values = vec![bound(&order.id)];
        for (index, item) in items.iter().enumerate() {
            values.extend([
                number(chunk * size + index),
                bound(&item.product_id),
                bound(item.sku.as_str()),
                bound(&item.name),
                bound(&item.quantity),
                bound(&item.unit_price.amount),
                bound(&item.total.amount),
            ]);
        }
        values
    })
}
