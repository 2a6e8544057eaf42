//! The personal permissions of an account, besides those of its role.

use crate::expiry;
use mainstay_domain::id::UserId;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Data, Listed};
use mainstay_edge::input::{Body, PathId, PathPair, Query};
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_services::access::{AccountName, ExplainAccess};
use mainstay_services::user::{GrantPermission, ListPermissions, ReadPermission, RevokePermission};
use mainstay_views::{ExplanationView, GrantView};
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(ListPermissions, list))
        .add(route!(ReadPermission, read))
        .add(route!(GrantPermission, grant))
        .add(route!(RevokePermission, revoke))
        .add(route!(ExplainAccess, explain))
}

/// What the question is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    can: String,
    resource: Option<String>,
}

/// A permission to grant, for an unlimited or a limited time.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewGrant {
    #[schema(example = "read:order", max_length = 100)]
    permission: String,
    /// After how many seconds the permission expires.
    #[schema(value_type = Option<i64>, minimum = 1)]
    expires_in: Option<i64>,
    /// When the permission expires.
    #[schema(format = DateTime, max_length = 64)]
    expires_at: Option<String>,
}

/// Answers whether an account may do something, and by which rule.
#[utoipa::path(get, path = "/api/users/{id}/access", tag = "permissions",
    params(("id" = String, Path, format = Uuid),
        ("can" = String, Query, description = "An action and its resource, or a permission", example = "cancel:order", max_length = 100),
        ("resource" = Option<String>, Query, description = "The row: the resource and its id. Without it, the answer is about every row", example = "order/0199b1f4-7c00-7000-8000-000000000001", max_length = 100)),
    responses((status = 200, description = "The answer", body = Data<ExplanationView>)))]
async fn explain(
    operation: Operation<ExplainAccess>,
    PathId(id): PathId<UserId>,
    Query(Question { can, resource }): Query<Question>,
) -> Answer {
    let question = ExplainAccess {
        account: AccountName::Id(id),
        can,
        resource,
    };
    answer::data(&ExplanationView::from(operation.query(question).await?))
}

/// Lists the permissions that an account has besides those of its role.
#[utoipa::path(get, path = "/api/users/{id}/permissions", tag = "permissions",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The permissions", body = Listed<GrantView>)))]
async fn list(operation: Operation<ListPermissions>, PathId(id): PathId<UserId>) -> Answer {
    // An account has at most as many as there are permissions.
    answer::whole_list(operation.query(ListPermissions { id }).await?, GrantView::from)
}

/// Reads one permission of an account.
#[utoipa::path(get, path = "/api/users/{id}/permissions/{name}", tag = "permissions",
    params(("id" = String, Path, format = Uuid), ("name" = String, Path, example = "read:order")),
    responses((status = 200, description = "The permission", body = Data<GrantView>)))]
async fn read(operation: Operation<ReadPermission>, PathPair(id, permission): PathPair<UserId>) -> Answer {
    let grant = operation.query(ReadPermission { id, permission }).await?;
    answer::data(&GrantView::from(grant))
}

/// Grants a permission to an account, in force at once.
#[utoipa::path(post, path = "/api/users/{id}/permissions", tag = "permissions", request_body = NewGrant,
    params(("id" = String, Path, format = Uuid)),
    responses((status = 201, description = "Granted", body = Data<GrantView>), (status = 409)))]
async fn grant(
    operation: Operation<GrantPermission>,
    PathId(id): PathId<UserId>,
    Body(new): Body<NewGrant>,
) -> Answer {
    let mut errors = ValidationErrors::new();
    let expires = expiry::parse(&mut errors, new.expires_in, new.expires_at.as_deref());
    let expires = ApiError::unless_good(errors, expires)?;
    let grant = operation
        .command(GrantPermission {
            id,
            permission: new.permission,
            expires,
        })
        .await?;
    let location = format!("/api/users/{id}/permissions/{}", grant.permission);
    answer::created(&location, &GrantView::from(grant))
}

/// Revokes a permission of an account, in force at once; those of the role stay.
#[utoipa::path(delete, path = "/api/users/{id}/permissions/{name}", tag = "permissions",
    params(("id" = String, Path, format = Uuid), ("name" = String, Path, example = "read:order")),
    responses((status = 204, description = "Revoked"), (status = 409)))]
async fn revoke(
    operation: Operation<RevokePermission>,
    PathPair(id, permission): PathPair<UserId>,
) -> Answer {
    operation.command(RevokePermission { id, permission }).await?;
    Ok(answer::nothing())
}
