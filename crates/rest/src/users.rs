//! Accounts.

use crate::parse;
use mainstay_views::UserView;
use mainstay_domain::access::RoleName;
use mainstay_domain::email::Email;
use mainstay_domain::id::UserId;
use mainstay_domain::name::PersonName;
use mainstay_domain::page::{DEFAULT_LIMIT, Page};
use mainstay_domain::user::UserStatus;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Data, Listed, Tag};
use mainstay_edge::input::{Body, IfMatch, IfNoneMatch, PageParams, PathId, Query, page, sort};
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_services::account::{Me, Profile};
use mainstay_services::list::{UserFilter, UserSort};
use mainstay_services::user::{ListUsers, ReadUser, SetRole, UpdateUser};
use serde::Deserialize;
use utoipa::ToSchema;

const SORTS: [(&str, UserSort); 3] = [
    ("createdAt", UserSort::CreatedAt),
    ("name", UserSort::Name),
    ("email", UserSort::Email),
];
const STATUSES: &str = "active, disabled, invited";
const SETTABLE_STATUSES: &str = "active, disabled";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(Me, me))
        .add(route!(ListUsers, list))
        .add(route!(ReadUser, read))
        .add(route!(UpdateUser, update))
        .add(route!(SetRole, set_role))
}

/// The query parameters of the list of accounts.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListUsersParams {
    /// Words in the name or the address.
    #[param(min_length = 1, max_length = 200)]
    q: Option<String>,
    #[param(pattern = "^[a-z0-9-]{1,40}$")]
    role: Option<String>,
    /// `active`, `disabled` or `invited`.
    #[param(pattern = "^(active|disabled|invited)$")]
    status: Option<String>,
    /// `createdAt`, `name` or `email`, with `-` before it for the last first.
    #[param(pattern = "^-?(createdAt|name|email)$")]
    sort: Option<String>,
    #[param(value_type = Option<u32>, minimum = 1)]
    page: Option<String>,
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// Instead of `page`: the `nextCursor` of this list with the same sort and filters; empty for the beginning.
    #[param(pattern = "^([0-9a-f]{2})*$")]
    cursor: Option<String>,
}

/// What of an account is to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UserPatch {
    #[serde(default, deserialize_with = "parse::given")]
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "parse::given")]
    #[schema(format = Email, max_length = 254, nullable = false)]
    email: Option<String>,
    /// `active` or `disabled`.
    #[serde(default, deserialize_with = "parse::given")]
    #[schema(pattern = "^(active|disabled)$", nullable = false)]
    status: Option<String>,
}

/// A role for an account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RoleChoice {
    #[schema(example = "manager", pattern = "^[a-z0-9-]{1,40}$")]
    role: String,
}

/// The caller's own account.
#[utoipa::path(get, path = "/api/users/me", tag = "users",
    params(("If-None-Match" = Option<String>, Header, description = "The state that the client has")),
    responses((status = 200, description = "The account", body = Data<UserView>), (status = 304, description = "Unchanged")))]
async fn me(operation: Operation<Me>, if_none_match: IfNoneMatch) -> Answer {
    let profile = operation.query(Me).await?;
    Tag::from(profile.state()).answer(&if_none_match, &UserView::from(profile))
}

/// Lists accounts.
#[utoipa::path(get, path = "/api/users", tag = "users", params(ListUsersParams),
    responses((status = 200, description = "Accounts", body = Listed<UserView>)))]
async fn list(operation: Operation<ListUsers>, Query(params): Query<ListUsersParams>) -> Answer {
    let mut errors = ValidationErrors::new();
    let q = errors.take_optional("q", params.q.as_deref().map(parse::words));
    let role = errors.take_optional("role", params.role.as_deref().map(RoleName::parse));
    let status = params
        .status
        .as_deref()
        .map(|text| parse::word(text, UserStatus::find, STATUSES));
    let status = errors.take_optional("status", status);
    let sort = sort(
        &mut errors,
        params.sort.as_deref(),
        &SORTS,
        (UserSort::CreatedAt, true),
    );
    let page_params = PageParams {
        page: params.page.as_deref(),
        limit: params.limit.as_deref(),
        cursor: params.cursor.as_deref(),
    };
    let page = page(&mut errors, page_params, DEFAULT_LIMIT);
    let (sort, page) = ApiError::unless_good(errors, sort.zip(page))?;
    let filter = UserFilter { q, role, status };
    let listing: Page<Profile> = operation.query(ListUsers { filter, sort, page }).await?;
    answer::list(listing, UserView::from)
}

/// Reads an account.
#[utoipa::path(get, path = "/api/users/{id}", tag = "users",
    params(("id" = String, Path, format = Uuid), ("If-None-Match" = Option<String>, Header, description = "The state that the client has")),
    responses((status = 200, description = "The account", body = Data<UserView>), (status = 304, description = "Unchanged")))]
async fn read(
    operation: Operation<ReadUser>,
    PathId(id): PathId<UserId>,
    if_none_match: IfNoneMatch,
) -> Answer {
    let profile = operation.query(ReadUser { id }).await?;
    Tag::from(profile.state()).answer(&if_none_match, &UserView::from(profile))
}

/// Changes an account; what is left out stays. A change of nothing is answered with the account as it is.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "users", request_body = UserPatch,
    params(("id" = String, Path, format = Uuid), ("If-Match" = Option<String>, Header, description = "The state that is meant")),
    responses((status = 200, description = "The account as it is now", body = Data<UserView>), (status = 409)))]
async fn update(
    operation: Operation<UpdateUser>,
    PathId(id): PathId<UserId>,
    IfMatch(expected): IfMatch,
    Body(patch): Body<UserPatch>,
) -> Answer {
    let mut errors = ValidationErrors::new();
    let name = errors.take_optional("name", patch.name.as_deref().map(PersonName::parse));
    let email = errors.take_optional("email", patch.email.as_deref().map(Email::parse));
    let status = patch
        .status
        .as_deref()
        .map(|text| parse::word(text, settable_status, SETTABLE_STATUSES));
    let status = errors.take_optional("status", status);
    errors.check()?;
    account_answer(
        operation
            .command(UpdateUser {
                id,
                name,
                email,
                status,
                expected,
            })
            .await?,
    )
}

/// Gives an account another role, in force at once.
#[utoipa::path(put, path = "/api/users/{id}/role", tag = "users", request_body = RoleChoice,
    params(("id" = String, Path, format = Uuid), ("If-Match" = Option<String>, Header, description = "The state that is meant")),
    responses((status = 200, description = "The account as it is now", body = Data<UserView>), (status = 409)))]
async fn set_role(
    operation: Operation<SetRole>,
    PathId(id): PathId<UserId>,
    IfMatch(expected): IfMatch,
    Body(choice): Body<RoleChoice>,
) -> Answer {
    let mut errors = ValidationErrors::new();
    let role = errors.take("role", RoleName::parse(&choice.role));
    let role = ApiError::unless_good(errors, role)?;
    account_answer(operation.command(SetRole { id, role, expected }).await?)
}

/// A status that clients may set; `invited` is only for accounts whose owner has not chosen a password yet.
fn settable_status(name: &str) -> Option<UserStatus> {
    UserStatus::find(name).filter(|status| *status != UserStatus::Invited)
}

fn account_answer(profile: Profile) -> Answer {
    let tag = Tag::from(profile.state());
    Ok(tag.put(answer::data(&UserView::from(profile))?))
}
