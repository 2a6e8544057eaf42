//! Revokes a permission.

use super::updated_profile;
use crate::access::check_rank;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::UserId;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use serde_json::json;

/// Revokes a personal permission of an account; those of its role stay. In force at once.
#[derive(Debug, Clone)]
pub struct RevokePermission {
    /// The account that loses the permission.
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
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        if !cx.components().knows_permission(&self.permission) {
            return Err(Error::NotFound);
        }
        let (scope, now) = (cx.scope_to(User::REVOKE), cx.now());
        let user = cx.users().find(&scope, self.id).await?;
        let permit = cx.permit(User::REVOKE, &user)?;
        check_rank(cx, &user).await?;
        if !cx
            .users()
            .revoke_grant(&permit, &user, &self.permission, now)
            .await?
        {
            return Err(Error::NotFound);
        }
        let facts = json!({"permission": self.permission});
        cx.record(
            permit,
            DomainEvent::noted("user.permission-revoked", "REVOKE", &facts),
        );
        updated_profile(cx, user).await?;
        Ok(())
    }
}
