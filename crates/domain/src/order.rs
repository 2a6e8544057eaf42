//! Orders and the moves they can make.

use crate::error::{Error, Result};
use crate::fault::Flaw;
use crate::id::{OrderId, ProductId, UserId};
use crate::money::Money;
use crate::product::Sku;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub use crate::order_number::number;

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is its own name")]
pub enum OrderStatus {
    Pending,
    Paid,
    Fulfilled,
    Shipped,
    Delivered,
    Cancelled,
    Expired,
    Refunded,
}

/// A move of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Move {
    Settle,
    Fulfil,
    Ship,
    Deliver,
    Cancel,
    Expire,
    Refund,
}

impl Move {
    /// Every move.
    pub const ALL: [Self; 7] = [
        Self::Settle,
        Self::Fulfil,
        Self::Ship,
        Self::Deliver,
        Self::Cancel,
        Self::Expire,
        Self::Refund,
    ];
}

impl OrderStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Paid,
        Self::Fulfilled,
        Self::Shipped,
        Self::Delivered,
        Self::Cancelled,
        Self::Expired,
        Self::Refunded,
    ];

    /// As stored and as clients read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Fulfilled => "fulfilled",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Refunded => "refunded",
        }
    }

    /// Finds the status of a name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// True once nothing more comes of the order: its money, if any, is given back or will be.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Cancelled | Self::Expired | Self::Refunded)
    }

    /// Where a move leads from here; `None` where there is no such move. This is the whole state machine.
    pub const fn after(self, step: Move) -> Option<Self> {
        Some(match (self, step) {
            (Self::Pending, Move::Settle) => Self::Paid,
            (Self::Pending, Move::Expire) => Self::Expired,
            (Self::Pending | Self::Paid | Self::Fulfilled, Move::Cancel) => Self::Cancelled,
            (Self::Paid, Move::Fulfil) => Self::Fulfilled,
            (Self::Fulfilled, Move::Ship) => Self::Shipped,
            (Self::Shipped, Move::Deliver) => Self::Delivered,
            (Self::Paid | Self::Fulfilled | Self::Shipped | Self::Delivered, Move::Refund) => Self::Refunded,
            _ => return None,
        })
    }
}

/// One line of an order: what was bought, at the price of that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    /// The product.
    pub product_id: ProductId,
    /// Its shelf name then.
    pub sku: Sku,
    /// Its name then.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// What one cost then.
    pub unit_price: Money,
    /// What the line costs.
    pub total: Money,
}

/// A purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its name in URLs.
    pub id: OrderId,
    /// Its name for people; unique.
    pub number: String,
    /// Who buys.
    pub user_id: UserId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What is bought.
    pub items: Vec<OrderItem>,
    /// What all of it costs.
    pub total: Money,
    /// What was given back, in the currency of the total.
    pub refunded: Money,
    /// Until when the stock is held for it, while nothing is paid.
    pub reserved_until: Timestamp,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it was last moved.
    pub updated_at: Timestamp,
    /// Counts the changes; the entity tag.
    pub version: i64,
}

/// How many of what somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The product.
    pub product_id: ProductId,
    /// How many: 1 to [`MOST_QUANTITY`].
    pub quantity: u32,
}

/// The most lines in one order.
pub const MOST_LINES: usize = 100;
/// The most pieces in one line.
pub const MOST_QUANTITY: u32 = 10_000;

/// Checks a quantity of outside numbers.
///
/// # Errors
/// `RANGE`.
pub fn quantity(count: i64) -> Result<u32, Flaw> {
    u32::try_from(count)
        .ok()
        .filter(|count| (1..=MOST_QUANTITY).contains(count))
        .ok_or_else(|| Flaw::new("RANGE", format!("must be from 1 to {MOST_QUANTITY}")))
}

impl OrderItem {
    /// A line at today's price.
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
    /// A new order whose stock is held for `hold`.
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

    /// Makes a move.
    ///
    /// # Errors
    /// `INVALID_STATE` when there is no such move from where it stands.
    pub fn step(mut self, step: Move, now: Timestamp) -> Result<Self> {
        let Some(next) = self.status.after(step) else {
            let (step, status) = (format!("{step:?}").to_lowercase(), self.status.as_str());
            return Err(Error::InvalidState(format!(
                "cannot {step} an order that is {status}"
            )));
        };
        self.status = next;
        self.updated_at = now;
        self.version += 1;
        Ok(self)
    }

    /// True while a payment may be begun.
    pub fn is_payable(&self, now: Timestamp) -> bool {
        self.status == OrderStatus::Pending && now < self.reserved_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every status and every move; `-` where there is no such move.
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
    fn orders_make_the_moves_of_the_table_and_no_others() {
        let mut lines = TABLE.lines().map(str::split_whitespace).skip(1);
        let names: Vec<_> = lines.next().unwrap().collect();
        assert_eq!(names, Move::ALL.map(|step| format!("{step:?}").to_lowercase()));
        for (status, mut line) in OrderStatus::ALL.into_iter().zip(lines) {
            assert_eq!(line.next(), Some(status.as_str()));
            let cells: Vec<_> = line.collect();
            let is: Vec<_> = Move::ALL
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
        for bad in [0, -1, i64::from(MOST_QUANTITY) + 1, i64::MAX, i64::MIN] {
            assert!(quantity(bad).is_err(), "{bad}");
        }
    }
}
