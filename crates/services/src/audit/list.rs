//! Lists the audit trail.

use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::audit::AuditEntry;
use mainstay_domain::page::{Listing, Page};
use mainstay_repositories::AuditFilter;

/// Entries by thing, person, verb or time; newest first.
#[derive(Debug, Clone)]
pub struct ListAudit {
    /// Which.
    pub filter: AuditFilter,
    /// How many.
    pub page: Page,
}

impl UseCase for ListAudit {
    const NAME: &'static str = "audit.list";
    const ACCESS: Access = Access::permission(Permission::READ_AUDIT);
    type Output = Listing<AuditEntry>;
}

impl Query for ListAudit {
    async fn run(self, view: &mut View<'_>) -> Result<Listing<AuditEntry>> {
        let scope = view.scope();
        view.audit().list(&scope, &self.filter, &self.page).await
    }
}
