//! The representation of API keys.

use crate::tokens::expose_one;
use mainstay_domain::api_key::{ApiKey, ApiKeyId, ApiKeyStatus};
use mainstay_domain::time::Timestamp;
use mainstay_engine::Secret;
use mainstay_services::api_key::CreatedApiKey;
use serde::Serialize;
use utoipa::ToSchema;

/// A credential of a program that acts for an account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
pub struct ApiKeyView {
    #[schema(value_type = String, format = Uuid)]
    id: ApiKeyId,
    name: String,
    #[schema(value_type = ApiKeyStatusShape)]
    status: ApiKeyStatus,
    /// The permissions that it may use, as far as its owner has them.
    #[schema(example = json!(["read:order"]))]
    scopes: Vec<String>,
    /// The networks from which it is accepted; from everywhere when empty.
    #[schema(example = json!(["192.0.2.0/24"]))]
    networks: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// `null`: never.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    expires_at: Option<Timestamp>,
    /// To the minute.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_used_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    revoked_at: Option<Timestamp>,
}

/// The status of an API key.
#[derive(ToSchema)]
#[schema(as = ApiKeyStatus, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is shown")]
pub(crate) enum ApiKeyStatusShape {
    Active,
    Revoked,
}

/// A new API key, with the secret that clients present as `Authorization: Bearer`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreatedApiKey)]
pub struct CreatedApiKeyView {
    #[serde(flatten)]
    key: ApiKeyView,
    /// Shown this once; it is not stored and cannot be read again.
    #[schema(value_type = String, pattern = "^msk_[0-9A-Za-z]{49}$")]
    #[serde(serialize_with = "expose_one")]
    secret: Secret<String>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            status: key.status,
            scopes: key.scopes,
            networks: key.networks,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
        }
    }
}

impl From<CreatedApiKey> for CreatedApiKeyView {
    fn from(created: CreatedApiKey) -> Self {
        Self {
            secret: created.secret,
            key: created.key.into(),
        }
    }
}
