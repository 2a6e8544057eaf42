//! Revokes a permission.

use super::updated_profile;
use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::access::{Access, Action, Permission};
use mainstay_domain::event::Story;
use mainstay_domain::id::UserId;
use mainstay_domain::{Error, Result};
use serde_json::json;

/// Revokes a personal permission of an account; those of its role stay. In force at once.
#[derive(Debug, Clone)]
pub struct RevokePermission {
    /// The account.
    pub id: UserId,
    /// The permission's name, such as `read:order`.
    pub permission: String,
}

impl UseCase for RevokePermission {
    const NAME: &'static str = "user.revoke";
    const ACCESS: Access = Access::permission(Permission::GRANT_PERMISSION);
    type Output = ();
}

impl Command for RevokePermission {
    async fn run(self, work: &mut Work<'_>) -> Result<()> {
        if !work.services().knows_permission(&self.permission) {
            return Err(Error::NotFound);
        }
        let (scope, now) = (work.scope_to(Action::REVOKE), work.now());
        let user = work.users().find(&scope, self.id).await?;
        let permit = work.permit(Action::REVOKE, &user)?;
        if !work
            .users()
            .revoke_grant(&permit, &user, &self.permission, now)
            .await?
        {
            return Err(Error::NotFound);
        }
        let facts = json!({"permission": self.permission});
        work.record(permit, Story::noted("user.permission-revoked", "REVOKE", &facts));
        updated_profile(work, user).await?;
        Ok(())
    }
}
