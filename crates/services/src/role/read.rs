//! Reads one role.

use super::shown;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission, RoleName};
use mainstay_domain::role::Role;
use mainstay_domain::state::ExpectedVersion;
use mainstay_engine::{ById, Query, QueryContext, Repositories, UseCase};

/// Reads one role.
#[derive(Debug, Clone)]
pub struct ReadRole {
    /// The role to read.
    pub name: RoleName,
}

impl UseCase for ReadRole {
    const NAME: &'static str = "role.read";
    const ACCESS: Access = Access::permission(Permission::MANAGE_ROLE);
    type Output = Role;
}

impl ById for ReadRole {
    type Id = RoleName;

    fn by_id(name: RoleName, _expected: ExpectedVersion) -> Self {
        Self { name }
    }
}

impl Query for ReadRole {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Role> {
        let role = cx.roles().find(&self.name).await?;
        Ok(shown(&cx.components().permissions, role))
    }
}
