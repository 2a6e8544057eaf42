//! Lists the permissions that there are.

use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_engine::{Query, QueryContext, UseCase};
use mainstay_platform::database::ReadMode;

/// Lists every permission that a role or an account can have, by name. It needs no database.
#[derive(Debug, Clone)]
pub struct ListDeclaredPermissions;

impl UseCase for ListDeclaredPermissions {
    const NAME: &'static str = "access.permissions";
    const ACCESS: Access = Access::signed_in();
    type Output = Vec<Permission>;
}

impl Query for ListDeclaredPermissions {
    const READ: ReadMode = ReadMode::InPlace;

    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Vec<Permission>> {
        let mut permissions = cx.components().permissions.clone();
        permissions.sort_unstable_by_key(|permission| permission.as_str());
        Ok(permissions)
    }
}
