//! Payments: the attempt to collect an order's money.

use crate::error::{Error, Result};
use crate::id::{OrderId, PaymentId, UserId};
use crate::money::Money;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentStatus {
    /// The gateway will be, or is being, asked.
    Pending,
    /// The money is collected.
    Succeeded,
    /// The gateway refused; another attempt may be made.
    Failed,
    /// The order was cancelled before anything was collected.
    Cancelled,
    /// The money was given back.
    Refunded,
}

impl PaymentStatus {
    /// As stored and as clients read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// Finds the status of a name.
    pub fn find(name: &str) -> Option<Self> {
        [
            Self::Pending,
            Self::Succeeded,
            Self::Failed,
            Self::Cancelled,
            Self::Refunded,
        ]
        .into_iter()
        .find(|status| status.as_str() == name)
    }

    /// Whether a payment may go from here to there.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Pending, Self::Succeeded | Self::Failed | Self::Cancelled)
                // The order was cancelled while the gateway was collecting: the money is there, and goes back.
                | (Self::Cancelled, Self::Succeeded)
                | (Self::Succeeded, Self::Refunded)
        )
    }
}

/// The attempt to collect an order's money. At most one of an order is pending or succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Its name, and the idempotency key at the gateway.
    pub id: PaymentId,
    /// What is paid.
    pub order_id: OrderId,
    /// Who pays.
    pub user_id: UserId,
    /// Where it stands.
    pub status: PaymentStatus,
    /// How much.
    pub amount: Money,
    /// What the gateway calls it.
    pub reference: Option<String>,
    /// Why the gateway refused.
    pub failure: Option<String>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Payment {
    /// Begins a payment.
    pub fn begin(id: PaymentId, order_id: OrderId, user_id: UserId, amount: Money, now: Timestamp) -> Self {
        Self {
            id,
            order_id,
            user_id,
            status: PaymentStatus::Pending,
            amount,
            reference: None,
            failure: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Moves it on.
    ///
    /// # Errors
    /// `INVALID_STATE`.
    pub fn become_status(mut self, next: PaymentStatus, now: Timestamp) -> Result<Self> {
        if !self.status.may_become(next) {
            let (from, to) = (self.status.as_str(), next.as_str());
            return Err(Error::InvalidState(format!(
                "a payment that is {from} cannot become {to}"
            )));
        }
        self.status = next;
        self.updated_at = now;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payments_make_these_moves_and_no_others() {
        const ALL: [&str; 5] = ["pending", "succeeded", "failed", "cancelled", "refunded"];
        let status = |name: &str| PaymentStatus::find(name).unwrap();
        let mut made = Vec::new();
        for from in ALL {
            let to = ALL.iter().filter(|to| status(from).may_become(status(to)));
            made.extend(to.map(|to| format!("{from} {to}")));
        }
        assert_eq!(
            made,
            [
                "pending succeeded",
                "pending failed",
                "pending cancelled",
                "succeeded refunded",
                "cancelled succeeded",
            ]
        );
    }
}
