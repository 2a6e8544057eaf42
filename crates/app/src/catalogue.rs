//! What Mainstay itself registers, through the same builder as every application.

use crate::account_deletions::AccountDeletions;
use crate::builder::AppBuilder;
use crate::error::StartError;
use crate::order_deadlines::OrderDeadlines;
use crate::webhook_deliveries::WebhookDeliveries;
use mainstay_domain::product::Product;
use mainstay_domain::resources;
use mainstay_domain::time::Clock;
use mainstay_engine::Extensions;
use mainstay_platform::config::Settings;
use mainstay_services::access::row_finders;
use mainstay_services::account::{
    ConcurrentTries, CreateAccount, ProviderSettings, SendChangeLink, SendEmailCode, SendMagicLink,
    SendResetLink,
};
use mainstay_services::data_export::{BuildDataExport, FailDataExport};
use mainstay_services::mail::{SendAccountMail, SendOrderMail};
use mainstay_services::order::OrderSettings;
use mainstay_services::payment::{ChargePayment, RefundPayment, VoidPayment};
use mainstay_services::ports::PaymentGateway;
use mainstay_services::user::AccountSettings;
use mainstay_services::webhook::{DispatchEvent, WebhookSubscriber};
use std::sync::Arc;

/// About how many products a node caches.
const CACHED_PRODUCTS: usize = 10_000;

/// Registers the product's resources, caches, jobs, which events become which jobs, and periodic tasks.
pub(crate) fn product(builder: AppBuilder) -> AppBuilder {
    builder
        .resources(resources::built_in(), row_finders())
        .job::<ChargePayment>()
        .job::<RefundPayment>()
        .job::<VoidPayment>()
        .job::<SendOrderMail>()
        .job::<SendAccountMail>()
        .job::<SendMagicLink>()
        .job::<SendEmailCode>()
        .job::<SendResetLink>()
        .job::<SendChangeLink>()
        .job::<CreateAccount>()
        .job::<BuildDataExport>()
        .job::<FailDataExport>()
        .job::<DispatchEvent>()
        .on("order.paid", SendOrderMail::from_event)
        .periodic_task(OrderDeadlines::new)
        .on_all(Arc::new(WebhookSubscriber))
        .periodic_task(AccountDeletions::new)
        .periodic_task(WebhookDeliveries::new)
        .cached::<Product>(CACHED_PRODUCTS)
}

/// The ports and settings that the product's use cases find by their types. Identity providers are always the real ones:
/// tests name servers of their own in the settings.
///
/// # Errors
/// The HTTP client cannot be created.
pub(crate) fn extensions(
    settings: &Settings,
    gateway: Arc<dyn PaymentGateway>,
    clock: Arc<dyn Clock>,
) -> Result<Extensions, StartError> {
    let providers = mainstay_integrations::identity_providers(settings, clock)
        .map_err(|error| StartError::Setting(error.to_string()))?;
    let webhooks = mainstay_integrations::webhook_sender(settings)
        .map_err(|error| StartError::Setting(error.to_string()))?;
    Ok(Extensions::new()
        .with(gateway)
        .with(providers)
        .with(webhooks)
        .with(Arc::new(OrderSettings {
            reservation_ttl: settings.orders.reservation_ttl,
        }))
        .with(Arc::new(AccountSettings {
            deletion_grace: settings.accounts.deletion_grace,
        }))
        .with(Arc::new(ProviderSettings {
            allowed_origins: settings.http.allowed_origins.clone(),
        }))
        .with(Arc::new(ConcurrentTries::default())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_platform::clock::SystemClock;
    use mainstay_services::check_extensions;
    use std::collections::BTreeMap;

    #[test]
    fn every_extension_of_the_product_is_inserted() {
        let settings = Settings::read(&[], &BTreeMap::new(), None).unwrap().settings;
        let gateway = mainstay_integrations::gateway(&settings);
        let all = extensions(&settings, gateway, Arc::new(SystemClock)).unwrap();
        assert!(check_extensions(&all).is_ok());
        let without_gateway = Extensions::new().with(Arc::clone(all.get::<OrderSettings>().unwrap()));
        assert!(check_extensions(&without_gateway).is_err());
        let gateway = Arc::clone(all.get::<dyn PaymentGateway>().unwrap());
        assert!(check_extensions(&Extensions::new().with(gateway)).is_err());
    }
}
