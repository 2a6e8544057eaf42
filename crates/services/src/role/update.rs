//! Changes a role.

use super::{declared, roles_changed, shown};
use crate::access::{check_gives, check_outranks};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission, RoleName};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::role::Role;
use mainstay_domain::state::{ExpectedVersion, Versioned};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};

/// Changes a role; fields that are `None` stay. In force at once for every account that has it, also for tokens that
/// were issued before. The caller must hold every permission that the role has, and every one that it shall have.
#[derive(Debug, Clone)]
pub struct UpdateRole {
    /// The role to change.
    pub name: RoleName,
    /// The names of all permissions that it shall have.
    pub permissions: Option<Vec<String>>,
    /// Whether its members need a second factor. Those who have none may do nothing but set one up from now on.
    pub mfa_required: Option<bool>,
    /// The states that the caller expects (`If-Match`).
    pub expected: ExpectedVersion,
}

impl UseCase for UpdateRole {
    const NAME: &'static str = "role.update";
    const ACCESS: Access = Access::permission(Permission::MANAGE_ROLE);
    type Output = Role;
}

impl Command for UpdateRole {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Role> {
        let before = cx.roles().find(&self.name).await?;
        let permit = cx.permit(Role::UPDATE, &before)?;
        self.expected.check(before.state())?;
        check_outranks(cx, &before.held(&cx.components().permissions)).await?;
        let mut after = before.clone();
        after.mfa_required = self.mfa_required.unwrap_or(after.mfa_required);
        if let Some(names) = self.permissions {
            after = after.with_permissions(declared(cx.components(), names)?)?;
        }
        if after == before {
            return Ok(shown(&cx.components().permissions, before));
        }
        check_gives(cx, &after.held(&cx.components().permissions)).await?;
        let after = after.touched(cx.now());
        cx.roles().save(&permit, &after).await?;
        cx.record(permit, DomainEvent::updated("role.updated", &before, &after));
        roles_changed(cx).await?;
        Ok(shown(&cx.components().permissions, after))
    }
}
