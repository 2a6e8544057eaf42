//! Accounts, as administrators manage them.

mod close;
mod delete;
mod delete_me;
mod due_deletions;
mod end_sessions;
mod grant;
mod invite;
mod list;
mod permission;
mod permissions;
mod read;
mod resend_invitation;
mod reset_factors;
mod revoke;
mod set_role;
mod settings;
mod update;
mod update_me;

pub use delete::DeleteUser;
pub use delete_me::{DeleteMe, RequestedDeletion};
pub use due_deletions::{DELETION_BATCH, DeleteDueAccount, delete_due_accounts};
pub use end_sessions::EndUserSessions;
pub use grant::{Expiry, GrantPermission};
pub use invite::InviteUser;
pub use list::ListUsers;
pub use permission::ReadPermission;
pub use permissions::ListPermissions;
pub use read::ReadUser;
pub use resend_invitation::ResendInvitation;
pub use reset_factors::ResetUserFactors;
pub use revoke::RevokePermission;
pub use set_role::SetRole;
pub use settings::AccountSettings;
pub use update::UpdateUser;
pub use update_me::UpdateMe;

use crate::account::{Profile, profile};
use mainstay_domain::access::{Grant, RoleName, Scope, SystemCaller};
use mainstay_domain::state::{ExpectedVersion, Versioned};
use mainstay_domain::user::User;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_engine::access::AccessChange;
use mainstay_engine::{CommandContext, Repositories};
use mainstay_repositories::PersonalGrant;

fn to_grants(grants: Vec<PersonalGrant>) -> Vec<Grant> {
    grants
        .into_iter()
        .map(|row| Grant {
            permission: row.permission,
            until: row.expires_at,
        })
        .collect()
}

/// Returns the account with its permissions after a change, and records the access change for this node's directory.
async fn updated_profile(cx: &mut CommandContext<'_>, user: User) -> Result<Profile> {
    let scope: Scope<User> = cx.scope_of(SystemCaller::SIGN_IN);
    let facts = cx
        .users()
        .access_facts(&scope, user.id)
        .await?
        .ok_or(Error::NotFound)?;
    let updated = profile(&cx.components().directory, user, &facts.grants, cx.now());
    cx.access_changed(AccessChange::User(facts));
    Ok(updated)
}

/// Checks that the state of the account, permissions included, is one that the caller expects.
async fn check_state(cx: &mut CommandContext<'_>, expected: &ExpectedVersion, user: &User) -> Result<()> {
    if expected.is_any() {
        return Ok(());
    }
    let scope: Scope<User> = cx.scope_of(SystemCaller::SIGN_IN);
    let grants = to_grants(cx.users().grants(&scope, user.id).await?);
    let current = profile(&cx.components().directory, user.clone(), &grants, cx.now());
    expected.check(current.state())
}

/// Refuses a role that does not exist, with a validation error at `role`.
async fn check_role_exists(cx: &mut CommandContext<'_>, role: &RoleName) -> Result<()> {
    if cx.roles().exists(role).await? {
        return Ok(());
    }
    let unknown = ValidationErrors::one("role", "UNKNOWN_ROLE", "there is no such role");
    Err(Error::Invalid(unknown))
}

/// Refuses a change after which no active administrator would remain.
async fn check_an_admin_stays(cx: &mut CommandContext<'_>, before: &User, after: &User) -> Result<()> {
    if !before.is_active_admin() || after.is_active_admin() {
        return Ok(());
    }
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    if cx.users().active_admins(&scope).await? > 1 {
        return Ok(());
    }
    Err(Error::Conflict("this is the last administrator".to_owned()))
}
