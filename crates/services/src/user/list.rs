//! Lists accounts.

use crate::account::Profile;
use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::id::UserId;
use mainstay_domain::page::{Listing, Page};
use mainstay_repositories::{UserFilter, UserSort};

/// Lists accounts by name, address, role or status, each with all its permissions.
#[derive(Debug, Clone)]
pub struct ListUsers {
    /// The words, role and status to list.
    pub filter: UserFilter,
    /// The sort key, and whether the order is descending.
    pub sort: (UserSort, bool),
    /// The page to return.
    pub page: Page,
}

impl UseCase for ListUsers {
    const NAME: &'static str = "user.list";
    const ACCESS: Access = Access::permission(Permission::READ_USER);
    type Output = Listing<Profile>;
}

impl Query for ListUsers {
    async fn run(self, view: &mut View<'_>) -> Result<Listing<Profile>> {
        let scope = view.scope();
        let listing = view
            .users()
            .list(&scope, &self.filter, self.sort, &self.page)
            .await?;
        let ids: Vec<UserId> = listing.items.iter().map(|user| user.id).collect();
        let grants = view.users().grants_of(&scope, &ids).await?;
        let (services, now) = (view.services(), view.now());
        Ok(listing.map(|user| {
            let own = grants.get(&user.id).map_or(&[][..], Vec::as_slice);
            services.profile(user, own, now)
        }))
    }
}
