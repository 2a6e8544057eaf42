//! Reads the caller's account.

use super::tokens::{Profile, profile};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Grant};
use mainstay_domain::error::{Error, Unauthenticated};
use mainstay_domain::user::User;
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};
use mainstay_platform::database::ReadMode;

/// Reads the caller's own account, as it is now.
#[derive(Debug, Clone)]
pub struct Me;

impl UseCase for Me {
    const NAME: &'static str = "account.me";
    const ACCESS: Access = Access::signed_in().also_enrolling();
    type Output = Profile;
}

impl Query for Me {
    const READ: ReadMode = ReadMode::InPlace;

    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Profile> {
        let id = cx
            .caller()
            .user_id()
            .ok_or(Error::Unauthenticated(Unauthenticated::Missing))?;
        let scope = cx.scope::<User>();
        let user = cx.users().find(&scope, id).await?;
        let grants = cx.users().grants(&scope, id).await?;
        let grants: Vec<Grant> = grants
            .into_iter()
            .map(|row| Grant {
                permission: row.permission,
                until: row.expires_at,
            })
            .collect();
        Ok(profile(&cx.components().directory, user, &grants, cx.now()))
    }
}
