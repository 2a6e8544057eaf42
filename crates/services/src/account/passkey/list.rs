//! Lists the caller's passkeys.

use crate::list::{ListParams, ListQuery};
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::page::{Page, PageRequest};
use mainstay_domain::passkey::Passkey;
use mainstay_engine::{Query, QueryContext, UseCase};
use mainstay_repositories::RowQuery;

/// Lists the caller's passkeys, newest first.
#[derive(Debug, Clone)]
pub struct ListPasskeys {
    /// The page to return.
    pub page: PageRequest,
}

impl UseCase for ListPasskeys {
    const NAME: &'static str = "passkey.list";
    const ACCESS: Access = Access::session();
    type Output = Page<Passkey>;
}

impl ListQuery for ListPasskeys {
    type Item = Passkey;
    type Filter = ();
    type Sort = ();

    fn list(params: ListParams<(), ()>) -> Self {
        Self { page: params.page }
    }
}

impl Query for ListPasskeys {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<Passkey>> {
        cx.rows().list(&RowQuery::new(), &self.page).await
    }
}
