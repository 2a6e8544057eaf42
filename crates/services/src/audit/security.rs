//! Lists denied and suspicious attempts.

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

impl Query for ListSecurityEvents {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<SecurityEvent>> {
        let scope = cx.scope();
        cx.security_events().list(&scope, &self.page).await
    }
}
