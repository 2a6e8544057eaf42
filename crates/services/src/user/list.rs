//! Lists accounts.

use crate::account::{Profile, profile};
use crate::list::{FilterShape, ListFilter, ListParams, ListQuery, SortKey, set};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission, RoleName};
use mainstay_domain::id::UserId;
use mainstay_domain::page::{Page, PageRequest};
use mainstay_domain::user::UserStatus;
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

impl ListQuery for ListUsers {
    type Item = Profile;
    type Filter = UserFilter;
    type Sort = UserSort;
    const FILTERS: &'static [ListFilter<UserFilter>] = &[
        ListFilter::new(
            "q",
            "Words in the name or the e-mail address.",
            FilterShape::Text,
            |filter, text| set::text(&mut filter.q, text),
        ),
        ListFilter::new(
            "role",
            "",
            FilterShape::Pattern("^[a-z0-9-]{1,40}$"),
            |filter, text| set::value(&mut filter.role, RoleName::parse(text)),
        ),
        ListFilter::new(
            "status",
            "",
            FilterShape::Words(UserStatus::NAMES),
            |filter, text| set::word(&mut filter.status, text),
        ),
    ];

    fn list(params: ListParams<UserFilter, UserSort>) -> Self {
        let ListParams { filter, sort, page } = params;
        Self { filter, sort, page }
    }
}

impl SortKey for UserSort {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("createdAt", Self::CreatedAt),
        ("name", Self::Name),
        ("email", Self::Email),
    ];
    const DEFAULT: (Self, bool) = (Self::CreatedAt, true);
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
