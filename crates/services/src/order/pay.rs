//! Starts collecting the payment of an order.

use crate::payment::ChargePayment;
use crate::ports::PaymentGateway;
use crate::repositories::ShopRepositories;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::OrderId;
use mainstay_domain::order::{Order, OrderStatus};
use mainstay_domain::payment::{Payment, PaymentStatus};
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, PrepareContext, PreparedCommand, UseCase};
use mainstay_platform::database::DatabaseError;
use serde::{Deserialize, Serialize};

/// Starts collecting the payment of an order; a job calls the gateway. However often it is called, an order has one
/// payment that is pending or succeeded, and that one is returned; an order that has ended cannot be paid any more.
#[derive(Debug, Clone)]
pub struct PayOrder {
    /// The order to pay.
    pub id: OrderId,
}

/// A payment that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedPayment {
    /// The payment, usually pending.
    pub payment: Payment,
    /// What a front end needs to obtain the payer's consent, at gateways that require it.
    pub client_secret: Option<String>,
}

impl UseCase for PayOrder {
    const NAME: &'static str = "order.pay";
    const ACCESS: Access = Access::signed_in();
    const RATE: Rate = Rate::per_minute(120);
    type Output = StartedPayment;
}

impl PreparedCommand for PayOrder {
    type Prepared = ();

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<()> {
        cx.extension::<dyn PaymentGateway>()?.check_open()
    }

    async fn run(self, (): (), cx: &mut CommandContext<'_>) -> Result<StartedPayment> {
        let (scope, now) = (cx.scope_to::<Order>(Order::PAY), cx.now());
        // Locked: a concurrent cancellation sees the payment that starts here, or this call sees the cancellation.
        let order = cx.orders().find_locked(&scope, self.id).await?;
        cx.permit(Order::PAY, &order)?;
        let payments = cx.scope();
        let known = cx.payments().of_order(&payments, order.id).await?;
        if let Some(payment) = known.filter(|payment| is_live(payment) && !order.status.has_ended()) {
            return Ok(StartedPayment {
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
        let payment = Payment::begin(cx.make_id(), order.id, order.user_id, order.total, now);
        let permit = cx.permit(Payment::PAY, &payment)?;
        cx.payments()
            .insert(&permit, &payment)
            .await
            .map_err(retry_on_conflict)?;
        cx.enqueue(&ChargePayment { payment: payment.id })?;
        cx.record(permit, DomainEvent::created("payment.begun", &payment));
        Ok(StartedPayment {
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
