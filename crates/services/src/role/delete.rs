//! Deletes a role.

use super::roles_changed;
use crate::access::check_outranks;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission, RoleName};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::role::Role;
use mainstay_domain::state::{ExpectedVersion, Versioned};
use mainstay_engine::{ById, Command, CommandContext, Repositories, UseCase};

/// Deletes a role that no account has. Built-in roles stay.
#[derive(Debug, Clone)]
pub struct DeleteRole {
    /// The role to delete.
    pub name: RoleName,
    /// The states that the caller expects (`If-Match`).
    pub expected: ExpectedVersion,
}

impl UseCase for DeleteRole {
    const NAME: &'static str = "role.delete";
    const ACCESS: Access = Access::permission(Permission::MANAGE_ROLE);
    type Output = ();
}

impl ById for DeleteRole {
    type Id = RoleName;

    fn by_id(name: RoleName, expected: ExpectedVersion) -> Self {
        Self { name, expected }
    }
}

impl Command for DeleteRole {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let role = cx.roles().find(&self.name).await?;
        let permit = cx.permit(Role::DELETE, &role)?;
        self.expected.check(role.state())?;
        check_outranks(cx, &role.held(&cx.components().permissions)).await?;
        role.check_removable()?;
        cx.roles().delete(&permit, &role).await?;
        cx.record(permit, DomainEvent::deleted("role.deleted", &role));
        roles_changed(cx).await
    }
}
