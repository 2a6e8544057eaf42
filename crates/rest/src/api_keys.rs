//! API keys of the caller.

use crate::expiry;
use mainstay_domain::api_key::ApiKeyId;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Data};
use mainstay_edge::input::{Body, PathId};
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_services::api_key::{CreateApiKey, ListApiKeys, ReadApiKey, RevokeApiKey};
use mainstay_views::{ApiKeyView, CreatedApiKeyView};
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::tagged("api-keys")
        .list::<ListApiKeys, ApiKeyView>(
            "/api/auth/api-keys",
            "Lists the caller's API keys, newest first.",
            "API keys",
        )
        .add(route!(ReadApiKey, read))
        .add(route!(CreateApiKey, create))
        .add(route!(RevokeApiKey, revoke))
}

/// An API key to create.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewApiKey {
    #[schema(min_length = 1, max_length = 100, example = "Nightly backup")]
    name: String,
    /// Permissions that the caller holds.
    #[schema(value_type = Vec<ScopeShape>, max_items = 100)]
    scopes: Vec<String>,
    /// Networks or addresses from which the key is accepted; from everywhere when absent or empty.
    #[serde(default)]
    #[schema(value_type = Vec<NetworkShape>, max_items = 50)]
    networks: Vec<String>,
    /// After how many seconds the key expires.
    #[schema(value_type = Option<i64>, minimum = 1)]
    expires_in: Option<i64>,
    /// When the key expires.
    #[schema(format = DateTime, max_length = 64)]
    expires_at: Option<String>,
}

/// The name of a permission.
#[derive(ToSchema)]
#[schema(as = Scope, max_length = 100, example = "read:order")]
#[expect(dead_code, reason = "only its shape is shown")]
struct ScopeShape(String);

/// A network in CIDR notation, or an address.
#[derive(ToSchema)]
#[schema(as = Network, max_length = 50, example = "192.0.2.0/24")]
#[expect(dead_code, reason = "only its shape is shown")]
struct NetworkShape(String);

/// Creates an API key for the caller. The secret is in this answer only.
#[utoipa::path(post, path = "/api/auth/api-keys", tag = "api-keys", request_body = NewApiKey,
    responses((status = 201, description = "Created", body = Data<CreatedApiKeyView>)))]
async fn create(operation: Operation<CreateApiKey>, Body(new): Body<NewApiKey>) -> Answer {
    let mut errors = ValidationErrors::new();
    let expires = expiry::parse(&mut errors, new.expires_in, new.expires_at.as_deref());
    let expires = ApiError::unless_good(errors, expires)?;
    let created = operation
        .command(CreateApiKey {
            name: new.name,
            scopes: new.scopes,
            networks: new.networks,
            expires,
        })
        .await?;
    let location = format!("/api/auth/api-keys/{}", created.key.id);
    answer::created(&location, &CreatedApiKeyView::from(created))
}

/// Reads an API key of the caller, revoked or not.
#[utoipa::path(get, path = "/api/auth/api-keys/{id}", tag = "api-keys",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The key", body = Data<ApiKeyView>)))]
async fn read(operation: Operation<ReadApiKey>, PathId(id): PathId<ApiKeyId>) -> Answer {
    let key = operation.query(ReadApiKey { id }).await?;
    answer::data(&ApiKeyView::from(key))
}

/// Revokes an API key of the caller, in force at once.
#[utoipa::path(delete, path = "/api/auth/api-keys/{id}", tag = "api-keys",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "Revoked")))]
async fn revoke(operation: Operation<RevokeApiKey>, PathId(id): PathId<ApiKeyId>) -> Answer {
    operation.command(RevokeApiKey { id }).await?;
    Ok(answer::nothing())
}
