//! Grants a permission to an account.

use super::updated_profile;
use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::access::{Access, Action, Permission, SystemCaller};
use mainstay_domain::error::Denied;
use mainstay_domain::event::Story;
use mainstay_domain::fault::Faults;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_repositories::PersonalGrant;
use serde_json::json;
use std::time::Duration;

/// When a granted permission expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// For good.
    Never,
    /// After this time from now.
    In(Duration),
    /// At this instant, which must be in the future.
    At(Timestamp),
}

/// Grants a permission to an account, for good or for a time. In force at once, also for tokens issued before.
#[derive(Debug, Clone)]
pub struct GrantPermission {
    /// The account.
    pub id: UserId,
    /// The permission's name, such as `read:order`.
    pub permission: String,
    /// When it expires.
    pub expires: Expiry,
}

impl UseCase for GrantPermission {
    const NAME: &'static str = "user.grant";
    const ACCESS: Access = Access::permission(Permission::GRANT_PERMISSION);
    type Output = PersonalGrant;
}

impl Command for GrantPermission {
    async fn run(self, work: &mut Work<'_>) -> Result<PersonalGrant> {
        let now = work.now();
        let expires_at = match self.expires {
            Expiry::Never => None,
            Expiry::In(time) => Some(now.after(time)),
            Expiry::At(instant) if instant > now => Some(instant),
            Expiry::At(_) => {
                return Err(Error::Invalid(Faults::one(
                    "expiresAt",
                    "RANGE",
                    "must be in the future",
                )));
            }
        };
        if !work.services().knows_permission(&self.permission) {
            return Err(Error::NotFound);
        }
        let scope = work.scope_to(Action::GRANT);
        let user = work.users().find(&scope, self.id).await?;
        let permit = work.permit(Action::GRANT, &user)?;
        check_held(work, &self.permission, expires_at).await?;
        let granted_by = work.caller().user_id();
        let grant = PersonalGrant {
            permission: self.permission,
            expires_at,
            granted_by,
            created_at: now,
        };
        work.users().grant(&permit, &user, &grant).await?;
        let facts = json!({"permission": grant.permission, "expiresAt": grant.expires_at});
        work.record(permit, Story::noted("user.permission-granted", "GRANT", &facts));
        updated_profile(work, user).await?;
        Ok(grant)
    }
}

/// A caller grants only permissions that they hold, and for no longer than they hold them: otherwise a caller who has a
/// permission for a minute could grant it to themselves for ever.
async fn check_held(work: &mut Work<'_>, permission: &str, until: Option<Timestamp>) -> Result<()> {
    let Some(giver) = work.caller().user_id() else {
        return Ok(());
    };
    let denied = Error::Denied(Denied::Role);
    let scope = work.scope_of(SystemCaller::SIGN_IN);
    let facts = work.users().access_facts(&scope, giver).await?;
    let facts = facts.ok_or_else(|| denied.clone())?;
    let by_role = work
        .services()
        .directory()
        .permissions(&facts.role, &[], work.now());
    if by_role.has_name(permission) {
        return Ok(());
    }
    let own = facts.grants.iter().find(|grant| grant.permission == permission);
    match own.ok_or_else(|| denied.clone())?.until {
        None => Ok(()),
        Some(end) if until.is_some_and(|until| until <= end) && work.now() < end => Ok(()),
        Some(_) => Err(denied),
    }
}
