//! The extensions that the product's use cases need.

use crate::account::{ConcurrentTries, ProviderSettings};
use crate::order::OrderSettings;
use crate::ports::{IdentityProviders, PaymentGateway, WebhookSender};
use crate::user::AccountSettings;
use mainstay_domain::Result;
use mainstay_engine::Extensions;

/// Checks that every port and setting of the product was inserted, so that a missing one prevents the start rather than
/// the first request that needs it.
///
/// # Errors
/// `INTERNAL_ERROR`, which names the first missing type.
pub fn check_extensions(extensions: &Extensions) -> Result<()> {
    extensions.get::<dyn PaymentGateway>()?;
    extensions.get::<OrderSettings>()?;
    extensions.get::<AccountSettings>()?;
    extensions.get::<dyn IdentityProviders>()?;
    extensions.get::<ProviderSettings>()?;
    extensions.get::<ConcurrentTries>()?;
    extensions.get::<dyn WebhookSender>()?;
    Ok(())
}
