//! Lists roles.

use super::shown;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::role::Role;
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};

/// Lists all roles, by name.
#[derive(Debug, Clone)]
pub struct ListRoles;

impl UseCase for ListRoles {
    const NAME: &'static str = "role.list";
    const ACCESS: Access = Access::permission(Permission::MANAGE_ROLE);
    type Output = Vec<Role>;
}

impl Query for ListRoles {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Vec<Role>> {
        let roles = cx.roles().all().await?;
        let permissions = &cx.components().permissions;
        Ok(roles.into_iter().map(|role| shown(permissions, role)).collect())
    }
}
