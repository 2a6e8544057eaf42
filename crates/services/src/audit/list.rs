//! Lists the audit trail.

use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::audit::AuditEntry;
use mainstay_domain::page::{Page, PageRequest};
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};
use mainstay_repositories::AuditFilter;

/// Entries by resource, actor, action or time; newest first.
#[derive(Debug, Clone)]
pub struct ListAudit {
    /// Restricts which entries are listed.
    pub filter: AuditFilter,
    /// Page size and cursor.
    pub page: PageRequest,
}

impl UseCase for ListAudit {
    const NAME: &'static str = "audit.list";
    const ACCESS: Access = Access::permission(Permission::READ_AUDIT);
    type Output = Page<AuditEntry>;
}

impl Query for ListAudit {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<AuditEntry>> {
        let scope = cx.scope();
        cx.audit().list(&scope, &self.filter, &self.page).await
    }
}
