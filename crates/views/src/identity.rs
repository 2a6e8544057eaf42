//! The representations of identity providers and of identities.

use mainstay_domain::id::IdentityId;
use mainstay_domain::identity::Identity;
use mainstay_domain::time::Timestamp;
use mainstay_services::ports::ProviderInfo;
use serde::Serialize;
use utoipa::ToSchema;

/// An identity provider: `GET /api/auth/oauth/{name}` signs in with it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Provider)]
pub struct ProviderView {
    #[schema(example = "google")]
    name: String,
    /// What people read on the button.
    #[schema(example = "Google")]
    label: String,
}

impl From<ProviderInfo> for ProviderView {
    fn from(provider: ProviderInfo) -> Self {
        Self {
            name: provider.name,
            label: provider.label,
        }
    }
}

/// An account at an identity provider that signs in to the caller's account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Identity)]
pub struct IdentityView {
    #[schema(value_type = String, format = Uuid)]
    id: IdentityId,
    #[schema(example = "google")]
    provider: String,
    /// The address at the provider, as of the last sign-in.
    #[schema(required)]
    email: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
}

impl From<Identity> for IdentityView {
    fn from(identity: Identity) -> Self {
        Self {
            id: identity.id,
            provider: identity.provider,
            email: identity.email,
            created_at: identity.created_at,
            last_used_at: identity.last_used_at,
        }
    }
}
