//! Orders and their state machine.

use crate::access::{Action, Permission, Policy, Resource, Rule, Visibility};
use crate::error::{Error, Result};
use crate::id::{Id, ProductId, UserId};
use crate::money::Money;
use crate::product::Sku;
use crate::state::{State, Versioned};
use crate::string_enum;
use crate::time::Timestamp;
use crate::validation::Invalid;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub use crate::order_number::number;

/// Names an order.
pub type OrderId = Id<Order>;

string_enum! {
    /// The status of an order.
    #[expect(missing_docs, reason = "the names are self-explanatory")]
    pub enum OrderStatus {
        Pending = "pending",
        Paid = "paid",
        Fulfilled = "fulfilled",
        Shipped = "shipped",
        Delivered = "delivered",
        Cancelled = "cancelled",
        Expired = "expired",
        Refunded = "refunded",
    }
}

string_enum! {
    /// A transition of an order.
    #[expect(missing_docs, reason = "the names are self-explanatory")]
    pub enum OrderTransition {
        Settle = "settle",
        Fulfil = "fulfil",
        Ship = "ship",
        Deliver = "deliver",
        Cancel = "cancel",
        Expire = "expire",
        Refund = "refund",
    }
}

impl OrderStatus {
    /// True once the order is cancelled, expired or refunded: its payment, if any, is refunded or will be.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Cancelled | Self::Expired | Self::Refunded)
    }

    /// The status after a transition; `None` where the transition is not allowed. This is the whole state machine.
    pub const fn after(self, step: OrderTransition) -> Option<Self> {
        Some(match (self, step) {
            (Self::Pending, OrderTransition::Settle) => Self::Paid,
            (Self::Pending, OrderTransition::Expire) => Self::Expired,
            (Self::Pending | Self::Paid | Self::Fulfilled, OrderTransition::Cancel) => Self::Cancelled,
            (Self::Paid, OrderTransition::Fulfil) => Self::Fulfilled,
            (Self::Fulfilled, OrderTransition::Ship) => Self::Shipped,
            (Self::Shipped, OrderTransition::Deliver) => Self::Delivered,
            (Self::Paid | Self::Fulfilled | Self::Shipped | Self::Delivered, OrderTransition::Refund) => {
                Self::Refunded
            }
            _ => return None,
        })
    }
}

/// One line of an order: what was bought, at the price of that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    /// The ordered product.
    pub product_id: ProductId,
    /// The product's SKU at that time.
    pub sku: Sku,
    /// The product's name at that time.
    pub name: String,
    /// Number of units, 1 to [`MAX_QUANTITY`].
    pub quantity: u32,
    /// The price of one unit at that time.
    pub unit_price: Money,
    /// The price of the line.
    pub total: Money,
}

/// A customer's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its id in URLs.
    pub id: OrderId,
    /// Its number for people; unique.
    pub number: String,
    /// The customer that placed it, and its owner in the policy.
    pub user_id: UserId,
    /// Changes only by [`Order::step`].
    pub status: OrderStatus,
    /// The order lines, at least one; they never change.
    pub items: Vec<OrderItem>,
    /// The sum of the lines.
    pub total: Money,
    /// The refunded amount, in the currency of the total.
    pub refunded: Money,
    /// Until when the stock is reserved while the order is unpaid.
    pub reserved_until: Timestamp,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Incremented by every change; the entity tag.
    pub version: i64,
}

/// A requested product and quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The product to order.
    pub product_id: ProductId,
    /// Number of units: 1 to [`MAX_QUANTITY`].
    pub quantity: u32,
}

/// Maximum number of lines in one order.
pub const MAX_LINES: usize = 100;
/// Maximum quantity of one line.
pub const MAX_QUANTITY: u32 = 10_000;

/// Checks a quantity from untrusted numbers.
///
/// # Errors
/// `RANGE`.
pub fn quantity(count: i64) -> Result<u32, Invalid> {
    u32::try_from(count)
        .ok()
        .filter(|count| (1..=MAX_QUANTITY).contains(count))
        .ok_or_else(|| Invalid::new("RANGE", format!("must be from 1 to {MAX_QUANTITY}")))
}

impl OrderItem {
    /// A line at the current price.
    ///
    /// # Errors
    /// When the total is too large.
    pub fn new(
        product_id: ProductId,
        sku: Sku,
        name: String,
        quantity: u32,
        unit_price: Money,
    ) -> Result<Self> {
        let total = unit_price.times(quantity)?;
        Ok(Self {
            product_id,
            sku,
            name,
            quantity,
            unit_price,
            total,
        })
    }
}

impl Order {
    /// A new order whose stock is reserved for `hold`.
    ///
    /// # Errors
    /// No line, two currencies, or a total that is too large.
    pub fn place(
        (id, number, user_id): (OrderId, String, UserId),
        items: Vec<OrderItem>,
        now: Timestamp,
        hold: Duration,
    ) -> Result<Self> {
        let first = items
            .first()
            .ok_or_else(|| Error::bug("an order without lines"))?;
        let nothing = Money::zero(first.total.currency);
        let total = items.iter().try_fold(nothing, |sum, item| sum.plus(item.total))?;
        Ok(Self {
            id,
            number,
            user_id,
            status: OrderStatus::Pending,
            items,
            total,
            refunded: nothing,
            reserved_until: now.after(hold),
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }

    /// Applies a transition.
    ///
    /// # Errors
    /// `INVALID_STATE` when the transition is not allowed from the current status.
    pub fn step(mut self, step: OrderTransition, now: Timestamp) -> Result<Self> {
        let Some(next) = self.status.after(step) else {
            return Err(Error::InvalidState(format!(
                "cannot {step} an order that is {}",
                self.status
            )));
        };
        self.status = next;
        self.updated_at = now;
        self.version += 1;
        Ok(self)
    }

    /// True while a payment may be started.
    pub fn is_payable(&self, now: Timestamp) -> bool {
        self.status == OrderStatus::Pending && now < self.reserved_until
    }
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl Order {
    pub const PLACE: Action = Action::new("place");
    pub const PAY: Action = Action::new("pay");
    pub const CANCEL: Action = Action::new("cancel");
    pub const FULFIL: Action = Action::new("fulfil");
    pub const SHIP: Action = Action::new("ship");
    pub const DELIVER: Action = Action::new("deliver");
    pub const REFUND: Action = Action::new("refund");
    pub const EXPIRE: Action = Action::new("expire");
    pub const SETTLE: Action = Action::new("settle");
}

#[expect(missing_docs, reason = "the descriptions are the documentation")]
impl Permission {
    pub const CREATE_ORDER: Self = Self::new("create:order", "Place orders");
    pub const READ_ORDER: Self = Self::new("read:order", "See the orders of all customers");
    pub const UPDATE_ORDER: Self = Self::new("update:order", "Change the status of any customer's orders");
    pub const REFUND_ORDER: Self = Self::new("refund:order", "Refund orders");
}

impl Resource for Order {
    const NAME: &'static str = "order";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Holder(Permission::READ_ORDER), Visibility::Owner],
        actions: &[
            (Self::PLACE, Rule::Owner),
            (Self::PAY, Rule::Owner),
            (Self::CANCEL, Rule::OwnerOr(Permission::UPDATE_ORDER)),
            (Self::FULFIL, Rule::Holder(Permission::UPDATE_ORDER)),
            (Self::SHIP, Rule::Holder(Permission::UPDATE_ORDER)),
            (Self::DELIVER, Rule::Holder(Permission::UPDATE_ORDER)),
            (Self::REFUND, Rule::Holder(Permission::REFUND_ORDER)),
            (Self::EXPIRE, Rule::System),
            (Self::SETTLE, Rule::System),
        ],
    };
    const PERMISSIONS: &'static [Permission] = &[
        Permission::CREATE_ORDER,
        Permission::READ_ORDER,
        Permission::UPDATE_ORDER,
        Permission::REFUND_ORDER,
    ];
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}

impl Versioned for Order {
    fn state(&self) -> State {
        State::of(self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every status and every transition; `-` where the transition is not allowed.
    const TABLE: &str = "
                    settle  fulfil     ship     deliver    cancel     expire   refund
        pending     paid    -          -        -          cancelled  expired  -
        paid        -       fulfilled  -        -          cancelled  -        refunded
        fulfilled   -       -          shipped  -          cancelled  -        refunded
        shipped     -       -          -        delivered  -          -        refunded
        delivered   -       -          -        -          -          -        refunded
        cancelled   -       -          -        -          -          -        -
        expired     -       -          -        -          -          -        -
        refunded    -       -          -        -          -          -        -
    ";

    #[test]
    fn orders_allow_exactly_the_transitions_of_the_table() {
        let mut lines = TABLE.lines().map(str::split_whitespace).skip(1);
        let names: Vec<_> = lines.next().unwrap().collect();
        assert_eq!(names, OrderTransition::ALL.map(OrderTransition::as_str));
        for (status, mut line) in OrderStatus::ALL.into_iter().zip(lines) {
            assert_eq!(line.next(), Some(status.as_str()));
            let cells: Vec<_> = line.collect();
            let is: Vec<_> = OrderTransition::ALL
                .map(|step| status.after(step).map_or("-", OrderStatus::as_str))
                .into();
            assert_eq!(is, cells, "{status:?}");
            let ends = status == OrderStatus::Refunded || cells.iter().all(|cell| *cell == "-");
            assert_eq!(status.has_ended(), ends, "{status:?}");
        }
    }

    #[test]
    fn quantities_are_whole_and_bounded() {
        assert_eq!(quantity(1), Ok(1));
        for bad in [0, -1, i64::from(MAX_QUANTITY) + 1, i64::MAX, i64::MIN] {
            assert!(quantity(bad).is_err(), "{bad}");
        }
    }
}
