//! Reads one account.

use super::to_grants;
use crate::account::{Profile, profile};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::id::UserId;
use mainstay_domain::state::ExpectedVersion;
use mainstay_engine::{ById, Query, QueryContext, Repositories, UseCase};

/// Reads one account.
#[derive(Debug, Clone)]
pub struct ReadUser {
    /// The account to read.
    pub id: UserId,
}

impl UseCase for ReadUser {
    const NAME: &'static str = "user.read";
    const ACCESS: Access = Access::permission(Permission::READ_USER);
    type Output = Profile;
}

impl ById for ReadUser {
    type Id = UserId;

    fn by_id(id: UserId, _expected: ExpectedVersion) -> Self {
        Self { id }
    }
}

impl Query for ReadUser {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Profile> {
        let scope = cx.scope();
        let user = cx.users().find(&scope, self.id).await?;
        let grants = to_grants(cx.users().grants(&scope, self.id).await?);
        Ok(profile(&cx.components().directory, user, &grants, cx.now()))
    }
}
