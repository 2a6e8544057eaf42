//! Lists accounts.

use crate::account::Profile;
use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::page::{Listing, Page};
use mainstay_repositories::{UserFilter, UserSort};

/// Accounts by name, address, role or status. Their personal permissions are shown one by one, in [`super::ReadUser`].
#[derive(Debug, Clone)]
pub struct ListUsers {
    /// Which.
    pub filter: UserFilter,
    /// In which order, and whether backwards.
    pub sort: (UserSort, bool),
    /// How many.
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
        let now = view.now();
        Ok(listing.map(|user| view.services().profile(user, &[], now)))
    }
}
