//! Starts collecting the payment of an order.

use crate::payment::ChargePayment;
use crate::use_case::{Command, UseCase};
use crate::work::{Outside, Repositories, Work};
use mainstay_domain::access::{Access, Action, Rate};
use mainstay_domain::event::Story;
use mainstay_domain::id::OrderId;
use mainstay_domain::order::{Order, OrderStatus};
use mainstay_domain::payment::{Payment, PaymentStatus};
use mainstay_domain::{Error, Result};
use mainstay_platform::database::DatabaseError;
use serde::{Deserialize, Serialize};

/// Starts collecting the payment of an order; a job calls the gateway. However often it is called, an order has one
/// payment that is pending or succeeded, and that one is returned; an order that has ended cannot be paid any more.
#[derive(Debug, Clone)]
pub struct PayOrder {
    /// The order.
    pub id: OrderId,
}

/// A payment that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The payment, usually pending.
    pub payment: Payment,
    /// What a front end needs to obtain the payer's consent, at gateways that require it.
    pub client_secret: Option<String>,
}

impl UseCase for PayOrder {
    const NAME: &'static str = "order.pay";
    const ACCESS: Access = Access::signed_in();
    const RATE: Rate = Rate::per_minute(120);
    type Output = Begun;
}

impl Command for PayOrder {
    async fn prepare(self, outside: &Outside<'_>) -> Result<Self> {
        outside.services().parts().gateway.check_open()?;
        Ok(self)
    }

    async fn run(self, work: &mut Work<'_>) -> Result<Begun> {
        let (scope, now) = (work.scope_to::<Order>(Action::PAY), work.now());
        // Locked: a concurrent cancellation sees the payment that starts here, or this call sees the cancellation.
        let order = work.orders().find_locked(&scope, self.id).await?;
        work.permit(Action::PAY, &order)?;
        let payments = work.scope();
        let known = work.payments().of_order(&payments, order.id).await?;
        if let Some(payment) = known.filter(|payment| is_live(payment) && !order.status.has_ended()) {
            return Ok(Begun {
                payment,
                client_secret: None,
            });
        }
        if !order.is_payable(now) {
            let why = match order.status {
                OrderStatus::Pending => "the time to pay this order is over".to_owned(),
                status => format!("an order that is {} cannot be paid", status.as_str()),
            };
            return Err(Error::InvalidState(why));
        }
        let payment = Payment::begin(work.make_id(), order.id, order.user_id, order.total, now);
        let permit = work.permit(Action::PAY, &payment)?;
        work.payments()
            .insert(&permit, &payment)
            .await
            .map_err(retry_on_conflict)?;
        work.enqueue(&ChargePayment::new(payment.id))?;
        work.record(permit, Story::created("payment.begun", &payment));
        Ok(Begun {
            payment,
            client_secret: None,
        })
    }
}

fn is_live(payment: &Payment) -> bool {
    matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Succeeded)
}

/// The database allows one live payment per order: run the transaction again, and return the other one.
fn retry_on_conflict(error: Error) -> Error {
    match error {
        Error::Conflict(_) => DatabaseError::Retry.into(),
        other => other,
    }
}
