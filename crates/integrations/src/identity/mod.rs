//! Identity providers: OpenID Connect by discovery, and GitHub.

mod client;
#[cfg(fuzzing)]
pub mod fuzzing;
mod github;
mod http;
mod id_token;
mod metadata;
mod oidc;
mod providers;

pub use http::IdentityProviderError;
pub use providers::Providers;

use mainstay_domain::time::Clock;
use mainstay_platform::config::Settings;
use mainstay_services::ports::IdentityProviders;
use std::sync::Arc;

/// The identity providers that the settings name.
///
/// # Errors
/// The HTTP client cannot be created.
pub fn identity_providers(
    settings: &Settings,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn IdentityProviders>, IdentityProviderError> {
    Ok(Arc::new(Providers::new(settings, clock)?))
}
