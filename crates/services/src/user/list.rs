//! Lists accounts.

use crate::account::{Profile, profile};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::id::UserId;
use mainstay_domain::page::{Page, PageRequest};
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};
use mainstay_repositories::{UserFilter, UserSort};

/// Lists accounts by name, address, role or status, each with all its permissions.
#[derive(Debug, Clone)]
pub struct ListUsers {
    /// The words, role and status to list.
    pub filter: UserFilter,
    /// The sort key, and whether the order is descending.
    pub sort: (UserSort, bool),
    /// The page to return.
    pub page: PageRequest,
}

impl UseCase for ListUsers {
    const NAME: &'static str = "user.list";
    const ACCESS: Access = Access::permission(Permission::READ_USER);
    type Output = Page<Profile>;
}

impl Query for ListUsers {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<Profile>> {
        let scope = cx.scope();
        let listing = cx
            .users()
            .list(&scope, &self.filter, self.sort, &self.page)
            .await?;
        let ids: Vec<UserId> = listing.items.iter().map(|user| user.id).collect();
        let grants = cx.users().grants_of(&scope, &ids).await?;
        let (directory, now) = (&cx.components().directory, cx.now());
        Ok(listing.map(|user| {
            let own = grants.get(&user.id).map_or(&[][..], Vec::as_slice);
            profile(directory, user, own, now)
        }))
    }
}
