//! Roles, and the permissions that they can have.

use crate::parse;
use mainstay_domain::access::RoleName;
use mainstay_domain::bounded::Text;
use mainstay_domain::state::Versioned;
use mainstay_domain::validation::{Invalid, ValidationErrors};
use mainstay_edge::answer::{self, Data, Listed, Tag};
use mainstay_edge::input::{Body, IfMatch, IfNoneMatch, PathId};
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_services::access::ListDeclaredPermissions;
use mainstay_services::role::{CreateRole, DeleteRole, ListRoles, ReadRole, UpdateRole};
use mainstay_views::{PermissionView, RoleView};
use serde::Deserialize;
use utoipa::ToSchema;

/// More names than there are permissions.
const MAX_PERMISSIONS: usize = 500;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(ListDeclaredPermissions, permissions))
        .add(route!(ListRoles, list))
        .add(route!(ReadRole, read))
        .add(route!(CreateRole, create))
        .add(route!(UpdateRole, update))
        .add(route!(DeleteRole, delete))
}

/// A role to create.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewRole {
    #[schema(example = "auditor", pattern = "^[a-z0-9-]{1,40}$")]
    name: String,
    /// The names of its permissions; the caller must hold each of them.
    #[schema(value_type = Vec<Text<100>>, max_items = 500)]
    permissions: Vec<String>,
    /// Whether its members need a second factor; `false` when it is left out.
    #[serde(default)]
    mfa_required: bool,
}

/// The fields of a role to change; the others stay.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RolePatch {
    /// The names of all permissions that it shall have; the caller must hold each of them.
    #[serde(default, deserialize_with = "parse::given")]
    #[schema(value_type = Vec<Text<100>>, max_items = 500, required = false)]
    permissions: Option<Vec<String>>,
    /// Whether its members need a second factor. Those who have none may do nothing but set one up from then on.
    #[serde(default, deserialize_with = "parse::given")]
    #[schema(nullable = false)]
    mfa_required: Option<bool>,
}

/// Lists the permissions that roles and accounts can have.
#[utoipa::path(get, path = "/api/permissions", tag = "roles",
    responses((status = 200, description = "The permissions", body = Listed<PermissionView>)))]
async fn permissions(operation: Operation<ListDeclaredPermissions>) -> Answer {
    let all = operation.query(ListDeclaredPermissions).await?;
    answer::whole_list(all, PermissionView::from)
}

/// Lists the roles.
#[utoipa::path(get, path = "/api/roles", tag = "roles",
    responses((status = 200, description = "The roles", body = Listed<RoleView>)))]
async fn list(operation: Operation<ListRoles>) -> Answer {
    answer::whole_list(operation.query(ListRoles).await?, RoleView::from)
}

/// Reads a role.
#[utoipa::path(get, path = "/api/roles/{name}", tag = "roles",
    params(("name" = String, Path, example = "auditor"),
        ("If-None-Match" = Option<String>, Header, description = "The entity tag of the representation that the client has")),
    responses((status = 200, description = "The role", body = Data<RoleView>), (status = 304, description = "Unchanged")))]
async fn read(
    operation: Operation<ReadRole>,
    PathId(name): PathId<RoleName>,
    if_none_match: IfNoneMatch,
) -> Answer {
    let role = operation.query(ReadRole { name }).await?;
    Tag::from(role.state()).answer(&if_none_match, &RoleView::from(role))
}

/// Creates a role.
#[utoipa::path(post, path = "/api/roles", tag = "roles", request_body = NewRole,
    responses((status = 201, description = "Created", body = Data<RoleView>), (status = 409)))]
async fn create(operation: Operation<CreateRole>, Body(new): Body<NewRole>) -> Answer {
    let mut errors = ValidationErrors::new();
    let name = errors.take("name", RoleName::parse(&new.name));
    errors.take("permissions", bounded(&new.permissions));
    let name = ApiError::unless_good(errors, name)?;
    let create = CreateRole {
        name,
        permissions: new.permissions,
        mfa_required: new.mfa_required,
    };
    let role = operation.command(create).await?;
    let tag = Tag::from(role.state());
    let location = format!("/api/roles/{}", role.name);
    Ok(tag.put(answer::created(&location, &RoleView::from(role))?))
}

/// Changes a role, in force at once for every account that has it; fields that are left out stay.
#[utoipa::path(patch, path = "/api/roles/{name}", tag = "roles", request_body = RolePatch,
    params(("name" = String, Path, example = "auditor"),
        ("If-Match" = Option<String>, Header, description = "The entity tag of the state to which the request applies")),
    responses((status = 200, description = "The changed role", body = Data<RoleView>), (status = 409)))]
async fn update(
    operation: Operation<UpdateRole>,
    PathId(name): PathId<RoleName>,
    IfMatch(expected): IfMatch,
    Body(patch): Body<RolePatch>,
) -> Answer {
    let permissions = patch.permissions;
    let mut errors = ValidationErrors::new();
    errors.take_optional("permissions", permissions.as_deref().map(bounded));
    let update = UpdateRole {
        name,
        permissions,
        mfa_required: patch.mfa_required,
        expected,
    };
    let update = ApiError::unless_good(errors, Some(update))?;
    let role = operation.command(update).await?;
    let tag = Tag::from(role.state());
    Ok(tag.put(answer::data(&RoleView::from(role))?))
}

/// Deletes a role that no account has.
#[utoipa::path(delete, path = "/api/roles/{name}", tag = "roles",
    params(("name" = String, Path, example = "auditor"),
        ("If-Match" = Option<String>, Header, description = "The entity tag of the state to which the request applies")),
    responses((status = 204, description = "Deleted"), (status = 409)))]
async fn delete(
    operation: Operation<DeleteRole>,
    PathId(name): PathId<RoleName>,
    IfMatch(expected): IfMatch,
) -> Answer {
    operation.command(DeleteRole { name, expected }).await?;
    Ok(answer::nothing())
}

fn bounded(names: &[String]) -> Result<(), Invalid> {
    if names.len() <= MAX_PERMISSIONS {
        return Ok(());
    }
    let sentence = format!("must be at most {MAX_PERMISSIONS}");
    Err(Invalid::new("RANGE", sentence))
}
