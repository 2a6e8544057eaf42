//! Payments: attempts to collect the money for an order.

use crate::access::{Action, Permission, Policy, Resource, Rule, Visibility};
use crate::error::{Error, Result};
use crate::id::{Id, OrderId, UserId};
use crate::money::Money;
use crate::string_enum;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Names a payment.
pub type PaymentId = Id<Payment>;

string_enum! {
    /// The status of a payment.
    pub enum PaymentStatus {
        /// The payment gateway has not answered yet.
        Pending = "pending",
        /// The payment is collected.
        Succeeded = "succeeded",
        /// The gateway declined; another attempt may be made.
        Failed = "failed",
        /// The order was cancelled before anything was collected.
        Cancelled = "cancelled",
        /// The payment was refunded.
        Refunded = "refunded",
    }
}

impl PaymentStatus {
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

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl Payment {
    pub const PAY: Action = Action::new("pay");
    pub const CANCEL: Action = Action::new("cancel");
    pub const SETTLE: Action = Action::new("settle");
    pub const REFUND: Action = Action::new("refund");
}

impl Resource for Payment {
    const NAME: &'static str = "payment";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Holder(Permission::READ_ORDER), Visibility::Owner],
        actions: &[
            (Self::PAY, Rule::Owner),
            (Self::CANCEL, Rule::OwnerOr(Permission::UPDATE_ORDER)),
            (Self::SETTLE, Rule::System),
            (Self::REFUND, Rule::Holder(Permission::REFUND_ORDER)),
        ],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payments_allow_exactly_these_transitions() {
        let mut allowed = Vec::new();
        for from in PaymentStatus::ALL {
            let to = PaymentStatus::ALL.into_iter().filter(|to| from.may_become(*to));
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
