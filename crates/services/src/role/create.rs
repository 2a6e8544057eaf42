//! Creates a role.

use super::{declared, roles_changed};
use crate::access::check_gives;
use mainstay_domain::access::{Access, Permission, RoleName};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::role::Role;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};

/// Creates a role with permissions that the caller holds themselves, without an end.
#[derive(Debug, Clone)]
pub struct CreateRole {
    /// The name; no other role has it.
    pub name: RoleName,
    /// The names of its permissions.
    pub permissions: Vec<String>,
    /// Whether its members need a second factor.
    pub mfa_required: bool,
}

impl UseCase for CreateRole {
    const NAME: &'static str = "role.create";
    const ACCESS: Access = Access::permission(Permission::MANAGE_ROLE);
    type Output = Role;
}

impl Command for CreateRole {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Role> {
        let permissions = declared(cx.components(), self.permissions)?;
        let role = Role {
            mfa_required: self.mfa_required,
            ..Role::new(self.name, permissions, cx.now())
        };
        let permit = cx.permit(Role::CREATE, &role)?;
        check_gives(cx, &role.held(&[])).await?;
        if cx.roles().count().await? >= Role::MAX_COUNT {
            return Err(Error::Conflict(format!(
                "there are {} roles already, which is the maximum",
                Role::MAX_COUNT
            )));
        }
        cx.roles().insert(&permit, &role).await?;
        cx.record(permit, DomainEvent::created("role.created", &role));
        roles_changed(cx).await?;
        Ok(role)
    }
}
