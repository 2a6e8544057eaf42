//! Reads one personal permission of an account.

use super::ListPermissions;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::id::UserId;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Query, QueryContext, UseCase};
use mainstay_repositories::PersonalGrant;

/// Reads one of the permissions that an account has besides those of its role.
#[derive(Debug, Clone)]
pub struct ReadPermission {
    /// The account that holds the permission.
    pub id: UserId,
    /// The permission's name, such as `read:order`.
    pub permission: String,
}

impl UseCase for ReadPermission {
    const NAME: &'static str = "user.permission";
    const ACCESS: Access = Access::permission(Permission::GRANT_PERMISSION);
    type Output = PersonalGrant;
}

impl Query for ReadPermission {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<PersonalGrant> {
        // An account has few of them.
        let grants = ListPermissions { id: self.id }.run(cx).await?;
        let named = |grant: &PersonalGrant| grant.permission == self.permission;
        grants.into_iter().find(named).ok_or(Error::NotFound)
    }
}
