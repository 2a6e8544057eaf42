//! Lists the personal permissions of an account.

use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission, SystemCaller};
use mainstay_domain::id::UserId;
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};
use mainstay_repositories::PersonalGrant;

/// Lists the permissions that an account has besides those of its role, without expired ones.
#[derive(Debug, Clone)]
pub struct ListPermissions {
    /// The account whose permissions are listed.
    pub id: UserId,
}

impl UseCase for ListPermissions {
    const NAME: &'static str = "user.permissions";
    const ACCESS: Access = Access::permission(Permission::GRANT_PERMISSION);
    type Output = Vec<PersonalGrant>;
}

impl Query for ListPermissions {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Vec<PersonalGrant>> {
        // A caller with the permission to grant may see any account: the use case's own access is the check.
        let scope = cx.scope_of(SystemCaller::SIGN_IN);
        let user = cx.users().find(&scope, self.id).await?;
        let now = cx.now();
        let mut grants = cx.users().grants(&scope, user.id).await?;
        grants.retain(|grant| grant.expires_at.is_none_or(|until| now < until));
        Ok(grants)
    }
}
