//! What the product consists of: resources, background jobs, and which events trigger which of them.

use mainstay_domain::access::Resources;
use mainstay_domain::resources;
use mainstay_services::job::registry::JobRegistry;
use mainstay_services::job::subscriptions::Subscriptions;
use mainstay_services::mail::SendOrderMail;
use mainstay_services::payment::{ChargePayment, RefundPayment, VoidPayment};

/// Every resource with its policy and permissions.
pub fn resources() -> Resources {
    resources::built_in()
}

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
