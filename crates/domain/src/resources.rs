//! The list of the built-in resources.

use crate::access::Resources;
use crate::api_key::ApiKey;
use crate::audit::AuditEntry;
use crate::data_export::DataExport;
use crate::device::Device;
use crate::identity::Identity;
use crate::job::Job;
use crate::key::SigningKey;
use crate::master_key::MasterKey;
use crate::order::Order;
use crate::passkey::Passkey;
use crate::payment::Payment;
use crate::product::Product;
use crate::role::Role;
use crate::security::SecurityEvent;
use crate::session::Session;
use crate::user::User;
use crate::webhook::{WebhookDelivery, WebhookEndpoint};

/// Every built-in resource. An application adds its own by [`Resources::with`].
pub fn built_in() -> Resources {
    Resources::new()
        .with::<User>()
        .with::<Role>()
        .with::<Session>()
        .with::<Identity>()
        .with::<Passkey>()
        .with::<ApiKey>()
        .with::<Device>()
        .with::<DataExport>()
        .with::<Product>()
        .with::<Order>()
        .with::<Payment>()
        .with::<WebhookEndpoint>()
        .with::<WebhookDelivery>()
        .with::<Job>()
        .with::<AuditEntry>()
        .with::<SecurityEvent>()
        .with::<SigningKey>()
        .with::<MasterKey>()
}
