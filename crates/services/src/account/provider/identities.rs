//! Lists the caller's identities.

use crate::list::{ListParams, ListQuery};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::identity::Identity;
use mainstay_domain::page::{Page, PageRequest};
use mainstay_engine::{Query, QueryContext, UseCase};
use mainstay_repositories::RowQuery;

/// Lists the identities that sign in to the caller's account, the latest first.
#[derive(Debug, Clone)]
pub struct ListIdentities {
    /// The page to return.
    pub page: PageRequest,
}

impl UseCase for ListIdentities {
    const NAME: &'static str = "identity.list";
    const ACCESS: Access = Access::signed_in();
    const RATE: Rate = Rate::per_minute(600);
    type Output = Page<Identity>;
}

impl ListQuery for ListIdentities {
    type Item = Identity;
    type Filter = ();
    type Sort = ();

    fn list(params: ListParams<(), ()>) -> Self {
        Self { page: params.page }
    }
}

impl Query for ListIdentities {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<Identity>> {
        cx.rows().list(&RowQuery::new(), &self.page).await
    }
}
