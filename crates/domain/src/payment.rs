//! Payments: attempts to collect the money for an order.

use crate::error::{Error, Result};
use crate::id::{Id, OrderId, UserId};
use crate::money::Money;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Names a payment.
pub type PaymentId = Id<Payment>;

/// The status of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentStatus {
    /// The payment gateway has not answered yet.
    Pending,
    /// The payment is collected.
    Succeeded,
    /// The gateway declined; another attempt may be made.
    Failed,
    /// The order was cancelled before anything was collected.
    Cancelled,
    /// The payment was refunded.
    Refunded,
}

impl PaymentStatus {
    /// As stored and as clients receive it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// Finds the status by its name.
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

    /// Whether a payment may change from this status to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Pending, Self::Succeeded | Self::Failed | Self::Cancelled)
                // The order was cancelled while the gateway was collecting: the money arrived, and is refunded.
                | (Self::Cancelled, Self::Succeeded)
                | (Self::Succeeded, Self::Refunded)
        )
    }
}

/// An attempt to collect the money for an order. At most one per order is pending or succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Unique; also the idempotency key at the gateway.
    pub id: PaymentId,
    /// The order that is paid.
    pub order_id: OrderId,
    /// The paying customer, and its owner in the policy.
    pub user_id: UserId,
    /// Changes only by [`Payment::become_status`].
    pub status: PaymentStatus,
    /// The amount to collect.
    pub amount: Money,
    /// The gateway's id of the payment.
    pub reference: Option<String>,
    /// Why the gateway declined.
    pub failure: Option<String>,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Payment {
    /// Starts a pending payment.
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

    /// Changes the status.
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
    fn payments_allow_exactly_these_transitions() {
        const ALL: [&str; 5] = ["pending", "succeeded", "failed", "cancelled", "refunded"];
        let status = |name: &str| PaymentStatus::find(name).unwrap();
        let mut allowed = Vec::new();
        for from in ALL {
            let to = ALL.iter().filter(|to| status(from).may_become(status(to)));
            allowed.extend(to.map(|to| format!("{from} {to}")));
        }
        assert_eq!(
            allowed,
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
