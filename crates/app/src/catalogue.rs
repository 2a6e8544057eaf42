//! What this product does later, and who is told of what.

use mainstay_services::job::registry::{JobRegistry, JobSpec};
use mainstay_services::job::subscriptions::Subscriptions;
use mainstay_services::mail::SendOrderMail;
use mainstay_services::payment::{ChargePayment, RefundPayment};
use mainstay_domain::error::Error;
use mainstay_domain::event::Event;
use mainstay_domain::Result;

/// Every command that can be done later.
pub fn jobs() -> JobRegistry {
    JobRegistry::new().with::<ChargePayment>().with::<RefundPayment>().with::<SendOrderMail>()
}

/// Which events become which jobs.
pub fn subscriptions() -> Subscriptions {
    Subscriptions::new().on("order.paid", order_mail)
}

fn order_mail(event: &Event) -> Result<JobSpec> {
    let order = event.resource_id.parse().map_err(Error::internal)?;
    JobSpec::of(&SendOrderMail::new(order))
}
