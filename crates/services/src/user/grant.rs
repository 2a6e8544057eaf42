//! Grants a permission to an account.

use super::updated_profile;
use crate::access::check_rank;
use mainstay_domain::access::{Access, Permission, SystemCaller};
use mainstay_domain::error::Denied;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::User;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_repositories::PersonalGrant;
use serde_json::json;
use std::time::Duration;

/// When a granted permission expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It does not expire.
    Never,
    /// After this time from now.
    In(Duration),
    /// At this instant, which must be in the future.
    At(Timestamp),
}

impl Expiry {
    /// The instant at which what begins now expires; `None` if it does not.
    ///
    /// # Errors
    /// A validation error at `expiresAt` for an instant that has passed.
    pub(crate) fn instant(self, now: Timestamp) -> Result<Option<Timestamp>> {
        match self {
            Self::Never => Ok(None),
            Self::In(time) => Ok(Some(now.after(time))),
            Self::At(instant) if instant > now => Ok(Some(instant)),
            Self::At(_) => Err(Error::Invalid(ValidationErrors::one(
                "expiresAt",
                "RANGE",
                "must be in the future",
            ))),
        }
    }
}

/// Grants a permission to an account, permanently or for a time. In force at once, also for tokens issued before.
#[derive(Debug, Clone)]
pub struct GrantPermission {
    /// The account that gets the permission.
    pub id: UserId,
    /// The permission's name, such as `read:order`.
    pub permission: String,
    /// When the grant ends, if it does.
    pub expires: Expiry,
}

impl UseCase for GrantPermission {
    const NAME: &'static str = "user.grant";
    const ACCESS: Access = Access::permission(Permission::GRANT_PERMISSION);
    type Output = PersonalGrant;
}

impl Command for GrantPermission {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<PersonalGrant> {
        let now = cx.now();
        let expires_at = self.expires.instant(now)?;
        if !cx.components().knows_permission(&self.permission) {
            return Err(Error::NotFound);
        }
        let scope = cx.scope_to(User::GRANT);
        let user = cx.users().find(&scope, self.id).await?;
        let permit = cx.permit(User::GRANT, &user)?;
        check_rank(cx, &user).await?;
        check_held(cx, &self.permission, expires_at).await?;
        let granted_by = cx.caller().user_id();
        let grant = PersonalGrant {
            permission: self.permission,
            expires_at,
            granted_by,
            created_at: now,
        };
        cx.users().grant(&permit, &user, &grant).await?;
        let facts = json!({"permission": grant.permission, "expiresAt": grant.expires_at});
        cx.record(
            permit,
            DomainEvent::noted("user.permission-granted", "GRANT", &facts),
        );
        updated_profile(cx, user).await?;
        Ok(grant)
    }
}

/// A caller grants only permissions that they hold, and for no longer than they hold them: otherwise the holder of a
/// permission for a minute could grant it to themselves permanently.
async fn check_held(cx: &mut CommandContext<'_>, permission: &str, until: Option<Timestamp>) -> Result<()> {
    let denied = Error::Denied(Denied::NotHeld);
    let giver = match cx.caller().principal() {
        None => return Ok(()),
        // An API key holds no more than its scopes, whatever its owner holds.
        Some(caller) if !caller.permissions.has_name(permission) => return Err(denied),
        Some(caller) => caller.id,
    };
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let facts = cx.users().access_facts(&scope, giver).await?;
    let facts = facts.ok_or_else(|| denied.clone())?;
    let by_role = cx.components().directory.permissions(&facts.role, &[], cx.now());
    if by_role.has_name(permission) {
        return Ok(());
    }
    let own = facts.grants.iter().find(|grant| grant.permission == permission);
    match own.ok_or_else(|| denied.clone())?.until {
        None => Ok(()),
        Some(end) if until.is_some_and(|until| until <= end) && cx.now() < end => Ok(()),
        Some(_) => Err(denied),
    }
}
