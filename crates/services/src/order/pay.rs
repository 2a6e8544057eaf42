//! Begins to collect an order's money.

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

/// Begins to collect an order's money; a job asks the gateway. However often it is called, an order has one
/// payment that is pending or succeeded, and that one is answered; an order that has ended is not paid any more.
#[derive(Debug, Clone)]
pub struct PayOrder {
    /// Which.
    pub id: OrderId,
}

/// A payment that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The payment.
    pub payment: Payment,
    /// What a front end needs to ask the payer for consent, at gateways that do.
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
        // Locked: whoever cancels it either sees the payment that is begun here, or is seen.
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
            .map_err(another_was_faster)?;
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

/// The database allows one live payment an order: look again, and answer the other one.
fn another_was_faster(error: Error) -> Error {
    match error {
        Error::Conflict(_) => DatabaseError::Retry.into(),
        other => other,
    }
}
