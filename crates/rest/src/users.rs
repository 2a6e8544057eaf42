//! Accounts.

use crate::parse;
use mainstay_domain::access::RoleName;
use mainstay_domain::email::Email;
use mainstay_domain::id::UserId;
use mainstay_domain::locale::Locale;
use mainstay_domain::name::PersonName;
use mainstay_domain::state::{ExpectedVersion, Versioned};
use mainstay_domain::user::UserStatus;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Data, Tag};
use mainstay_edge::input::{Body, IfMatch, IfNoneMatch, PathId};
use mainstay_edge::routes::ChangeInput;
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_services::account::Me;
use mainstay_services::user::{
    DeleteUser, EndUserSessions, InviteUser, ListUsers, ReadUser, ResendInvitation, ResetUserFactors,
    SetRole, UpdateMe, UpdateUser,
};
use mainstay_views::UserView;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

const SETTABLE_STATUSES: &str = "active, disabled";

pub(crate) fn routes() -> Routes {
    Routes::tagged("users")
        .add(route!(Me, me))
        .add(route!(UpdateMe, update_me))
        .list::<ListUsers, UserView>("/api/users", "Lists accounts.", "Accounts")
        .read::<ReadUser, UserView>("/api/users/{id}", "Reads an account.", "The account")
        .change::<UserPatch, UserView>(
            HttpMethod::Patch,
            "/api/users/{id}",
            "Changes an account; fields that are left out stay. The response to a request that changes nothing is the unchanged account.",
            "The changed account",
        )
        .change::<RoleChoice, UserView>(
            HttpMethod::Put,
            "/api/users/{id}/role",
            "Changes the role of an account, in force at once.",
            "The changed account",
        )
        .remove::<DeleteUser>(
            "/api/users/{id}",
            "Deletes an account, at once. Its orders and its part of the audit trail stay, without its name.",
            "Deleted",
        )
        .add(route!(EndUserSessions, end_sessions))
        .add(route!(ResetUserFactors, reset_factors))
        .add(route!(InviteUser, invite))
        .add(route!(ResendInvitation, resend_invitation))
}

/// A person to invite.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Invitation {
    #[schema(format = Email, max_length = 254)]
    email: String,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// The role of the account, whose permissions the caller holds; `customer` when it is left out.
    #[schema(example = "support", pattern = "^[a-z0-9-]{1,40}$")]
    role: Option<String>,
    /// The language of the mails to the person (BCP 47); when it is left out, the one that the request prefers.
    #[schema(example = "en", max_length = 35)]
    locale: Option<String>,
}

/// The fields of an account to change; the others stay.
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
    /// The language of the mails to the user (BCP 47).
    #[serde(default, deserialize_with = "parse::given")]
    #[schema(example = "en", max_length = 35, nullable = false)]
    locale: Option<String>,
}

/// The fields of the caller's own account to change; the others stay.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProfilePatch {
    #[serde(default, deserialize_with = "parse::given")]
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    name: Option<String>,
    /// The language of the mails to the caller (BCP 47).
    #[serde(default, deserialize_with = "parse::given")]
    #[schema(example = "en", max_length = 35, nullable = false)]
    locale: Option<String>,
}

/// A role for an account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RoleChoice {
    #[schema(example = "manager", pattern = "^[a-z0-9-]{1,40}$")]
    role: String,
}

/// Reads the caller's own account.
#[utoipa::path(get, path = "/api/users/me", tag = "users",
    params(("If-None-Match" = Option<String>, Header, description = "The entity tag of the representation that the client has")),
    responses((status = 200, description = "The account", body = Data<UserView>), (status = 304, description = "Unchanged")))]
async fn me(operation: Operation<Me>, if_none_match: IfNoneMatch) -> Answer {
    let profile = operation.query(Me).await?;
    Tag::from(profile.state()).answer(&if_none_match, &UserView::from(profile))
}

/// Changes the caller's own account; fields that are left out stay.
#[utoipa::path(patch, path = "/api/users/me", tag = "users", request_body = ProfilePatch,
    params(("If-Match" = Option<String>, Header, description = "The entity tag of the state to which the request applies")),
    responses((status = 200, description = "The changed account", body = Data<UserView>), (status = 409)))]
async fn update_me(
    operation: Operation<UpdateMe>,
    IfMatch(expected): IfMatch,
    Body(patch): Body<ProfilePatch>,
) -> Answer {
    let mut errors = ValidationErrors::new();
    let name = errors.take_optional("name", patch.name.as_deref().map(PersonName::parse));
    let locale = errors.take_optional("locale", patch.locale.as_deref().map(Locale::parse));
    let update = UpdateMe {
        name,
        locale,
        expected,
    };
    let update = ApiError::unless_good(errors, Some(update))?;
    let profile = operation.command(update).await?;
    let tag = Tag::from(profile.state());
    Ok(tag.put(answer::data(&UserView::from(profile))?))
}

/// Ends all sessions of an account, in force at once.
#[utoipa::path(delete, path = "/api/users/{id}/sessions", tag = "users", params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "All sessions are over")))]
async fn end_sessions(operation: Operation<EndUserSessions>, PathId(id): PathId<UserId>) -> Answer {
    operation.command(EndUserSessions { id }).await?;
    Ok(answer::nothing())
}

/// Removes the second factors of an account whose user has lost them, and ends its sessions; its user gets a mail.
#[utoipa::path(delete, path = "/api/users/{id}/factors", tag = "users", params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "The account has no second factor any more"),
        (status = 409, description = "It has none, or is the caller's own")))]
async fn reset_factors(operation: Operation<ResetUserFactors>, PathId(id): PathId<UserId>) -> Answer {
    operation.command(ResetUserFactors { id }).await?;
    Ok(answer::nothing())
}

/// Invites a person: creates an account, and mails them the link by which they accept. Nothing signs in to it before that.
#[utoipa::path(post, path = "/api/users", tag = "users", request_body = Invitation,
    responses((status = 201, description = "The invited account", body = Data<UserView>), (status = 409)))]
async fn invite(operation: Operation<InviteUser>, Body(input): Body<Invitation>) -> Answer {
    let mut errors = ValidationErrors::new();
    let email = errors.take("email", Email::parse(&input.email));
    let name = errors.take("name", PersonName::parse(&input.name));
    let role = input
        .role
        .as_deref()
        .map_or(Ok(RoleName::customer()), RoleName::parse);
    let role = errors.take("role", role);
    let locale = errors.take_optional("locale", input.locale.as_deref().map(Locale::parse));
    let invite = email.zip(name).zip(role).map(|((email, name), role)| InviteUser {
        email,
        name,
        role,
        locale,
    });
    let profile = operation.command(ApiError::unless_good(errors, invite)?).await?;
    let tag = Tag::from(profile.state());
    let location = format!("/api/users/{}", profile.user.id);
    Ok(tag.put(answer::created(&location, &UserView::from(profile))?))
}

/// Mails an invited person another link. The earlier ones stop working.
#[utoipa::path(post, path = "/api/users/{id}/invitation", tag = "users", params(("id" = String, Path, format = Uuid)),
    responses((status = 202, description = "A mail is on its way"),
        (status = 409, description = "The account waits for no invitation to be accepted")))]
async fn resend_invitation(operation: Operation<ResendInvitation>, PathId(id): PathId<UserId>) -> Answer {
    operation.command(ResendInvitation { id }).await?;
    Ok(answer::accepted())
}

impl ChangeInput for UserPatch {
    type UseCase = UpdateUser;
    type Id = UserId;

    fn validate(self, id: UserId, expected: ExpectedVersion) -> Result<UpdateUser, ValidationErrors> {
        let mut errors = ValidationErrors::new();
        let name = errors.take_optional("name", self.name.as_deref().map(PersonName::parse));
        let email = errors.take_optional("email", self.email.as_deref().map(Email::parse));
        let status = self.status.as_deref();
        let status = status.map(|text| parse::word(text, settable_status, SETTABLE_STATUSES));
        let status = errors.take_optional("status", status);
        let locale = errors.take_optional("locale", self.locale.as_deref().map(Locale::parse));
        errors.check()?;
        Ok(UpdateUser {
            id,
            name,
            email,
            status,
            locale,
            expected,
        })
    }
}

impl ChangeInput for RoleChoice {
    type UseCase = SetRole;
    type Id = UserId;

    fn validate(self, id: UserId, expected: ExpectedVersion) -> Result<SetRole, ValidationErrors> {
        let mut errors = ValidationErrors::new();
        let role = errors.take("role", RoleName::parse(&self.role));
        errors.finish(role.map(|role| SetRole { id, role, expected }))
    }
}

/// A status that clients may set; `invited` is only for accounts whose owner has not chosen a password yet.
fn settable_status(name: &str) -> Option<UserStatus> {
    UserStatus::find(name).filter(|status| *status != UserStatus::Invited)
}
