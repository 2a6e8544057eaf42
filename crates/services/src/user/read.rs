//! Reads one account.

use super::to_grants;
use crate::account::Profile;
use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::id::UserId;

/// Reads one account.
#[derive(Debug, Clone)]
pub struct ReadUser {
    /// The account.
    pub id: UserId,
}

impl UseCase for ReadUser {
    const NAME: &'static str = "user.read";
    const ACCESS: Access = Access::permission(Permission::READ_USER);
    type Output = Profile;
}

impl Query for ReadUser {
    async fn run(self, view: &mut View<'_>) -> Result<Profile> {
        let scope = view.scope();
        let user = view.users().find(&scope, self.id).await?;
        let grants = to_grants(view.users().grants(&scope, self.id).await?);
        Ok(view.services().profile(user, &grants, view.now()))
    }
}
