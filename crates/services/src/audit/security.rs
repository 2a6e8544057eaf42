//! Lists denied and suspicious attempts.

use crate::list::{ListParams, ListQuery};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::page::{Page, PageRequest};
use mainstay_domain::security::SecurityEvent;
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};

/// Denied and suspicious attempts, the latest first.
#[derive(Debug, Clone)]
pub struct ListSecurityEvents {
    /// Page size and cursor.
    pub page: PageRequest,
}

impl UseCase for ListSecurityEvents {
    const NAME: &'static str = "security-event.list";
    const ACCESS: Access = Access::permission(Permission::READ_AUDIT);
    type Output = Page<SecurityEvent>;
}

impl ListQuery for ListSecurityEvents {
    type Item = SecurityEvent;
    type Filter = ();
    type Sort = ();

    fn list(params: ListParams<(), ()>) -> Self {
        Self { page: params.page }
    }
}

impl Query for ListSecurityEvents {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<SecurityEvent>> {
        let scope = cx.scope();
        cx.security_events().list(&scope, &self.page).await
    }
}
