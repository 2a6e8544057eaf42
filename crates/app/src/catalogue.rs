//! The product's background jobs, and which events trigger which of them.

use mainstay_services::job::registry::JobRegistry;
use mainstay_services::job::subscriptions::Subscriptions;
use mainstay_services::mail::SendOrderMail;
use mainstay_services::payment::{ChargePayment, RefundPayment, VoidPayment};

/// Every command that can run as a background job.
pub fn jobs() -> JobRegistry {
    JobRegistry::new()
        .with::<ChargePayment>()
        .with::<RefundPayment>()
        .with::<VoidPayment>()
        .with::<SendOrderMail>()
}

/// Which events become which jobs.
pub fn subscriptions() -> Subscriptions {
    Subscriptions::new().on("order.paid", SendOrderMail::on)
}
