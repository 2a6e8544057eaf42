//! Reads one of somebody's own permissions.

use super::ListPermissions;
use crate::use_case::{Query, UseCase};
use crate::work::View;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::id::UserId;
use mainstay_domain::{Error, Result};
use mainstay_repositories::PersonalGrant;

/// One of the permissions that somebody has besides those of the role.
#[derive(Debug, Clone)]
pub struct ReadPermission {
    /// Whose.
    pub id: UserId,
    /// Its name.
    pub permission: String,
}

impl UseCase for ReadPermission {
    const NAME: &'static str = "user.permission";
    const ACCESS: Access = Access::permission(Permission::GRANT_PERMISSION);
    type Output = PersonalGrant;
}

impl Query for ReadPermission {
    async fn run(self, view: &mut View<'_>) -> Result<PersonalGrant> {
        // There are few of them.
        let grants = ListPermissions { id: self.id }.run(view).await?;
        let named = |grant: &PersonalGrant| grant.permission == self.permission;
        grants.into_iter().find(named).ok_or(Error::NotFound)
    }
}
