//! What the product registers with the engine: resources, background jobs, which events trigger which of them, periodic tasks,
//! cached resources, ports and settings.

use crate::order_deadlines::OrderDeadlines;
use mainstay_background::PeriodicTasks;
use mainstay_domain::access::Resources;
use mainstay_domain::product::Product;
use mainstay_domain::resources;
use mainstay_engine::job::JobRegistry;
use mainstay_engine::outbox::Subscriptions;
use mainstay_engine::{CachedResources, Extensions};
use mainstay_platform::config::Settings;
use mainstay_services::mail::SendOrderMail;
use mainstay_services::order::OrderSettings;
use mainstay_services::payment::{ChargePayment, RefundPayment, VoidPayment};
use mainstay_services::ports::PaymentGateway;
use std::sync::Arc;

/// About how many products a node caches.
const CACHED_PRODUCTS: usize = 10_000;

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

/// The tasks that a worker runs periodically, besides those of the engine.
pub fn periodic_tasks() -> PeriodicTasks {
    PeriodicTasks::new().with(OrderDeadlines::new)
}

/// The resources whose rows a node caches.
pub(crate) fn cached_resources() -> CachedResources {
    CachedResources::new().with::<Product>(CACHED_PRODUCTS)
}

/// The ports and settings that the product's use cases find by their types.
pub(crate) fn extensions(settings: &Settings, gateway: Arc<dyn PaymentGateway>) -> Extensions {
    Extensions::new().with(gateway).with(Arc::new(OrderSettings {
        reservation_ttl: settings.orders.reservation_ttl,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_services::check_extensions;
    use std::collections::BTreeMap;

    #[test]
    fn every_extension_of_the_product_is_inserted() {
        let settings = Settings::read(&[], &BTreeMap::new(), None).unwrap().settings;
        let all = extensions(&settings, mainstay_integrations::gateway(&settings));
        assert!(check_extensions(&all).is_ok());
        let without_gateway = Extensions::new().with(Arc::clone(all.get::<OrderSettings>().unwrap()));
        assert!(check_extensions(&without_gateway).is_err());
        let gateway = Arc::clone(all.get::<dyn PaymentGateway>().unwrap());
        assert!(check_extensions(&Extensions::new().with(gateway)).is_err());
    }
}
