//! Lists the personal permissions of an account.

use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::id::UserId;
use mainstay_domain::user::User;
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
        // A caller who may grant permissions may see those of any account.
        let scope = cx.scope_to(User::GRANT);
        let user = cx.users().find(&scope, self.id).await?;
        let now = cx.now();
        let mut grants = cx.users().grants(&scope, user.id).await?;
        grants.retain(|grant| grant.expires_at.is_none_or(|until| now < until));
        Ok(grants)
    }
}
