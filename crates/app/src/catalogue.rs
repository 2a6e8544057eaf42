//! What this product does later, and who is told of what.

use mainstay_services::job::registry::JobRegistry;
use mainstay_services::job::subscriptions::Subscriptions;
use mainstay_services::mail::SendOrderMail;
use mainstay_services::payment::{ChargePayment, RefundPayment, VoidPayment};

/// Every command that can be done later.
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
