//! Lists the audit trail.

use crate::list::{FilterShape, ListFilter, ListParams, ListQuery, set};
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

impl ListQuery for ListAudit {
    type Item = AuditEntry;
    type Filter = AuditFilter;
    type Sort = ();
    const FILTERS: &'static [ListFilter<AuditFilter>] = &[
        ListFilter::new(
            "resource",
            "The name of the resource: `order`.",
            FilterShape::Text,
            |filter, text| set::text(&mut filter.resource, text),
        ),
        ListFilter::new(
            "resourceId",
            "The id of the resource.",
            FilterShape::Text,
            |filter, text| set::text(&mut filter.resource_id, text),
        ),
        ListFilter::new("userId", "", FilterShape::Id, |filter, text| {
            set::id(&mut filter.user_id, text)
        }),
        ListFilter::new(
            "action",
            "`CREATE`, `UPDATE`, `DELETE` or a verb.",
            FilterShape::Text,
            |filter, text| set::text(&mut filter.action, text),
        ),
        ListFilter::new(
            "from",
            "At or after this instant.",
            FilterShape::Instant,
            |filter, text| set::instant(&mut filter.from, text),
        ),
        ListFilter::new(
            "to",
            "Before this instant.",
            FilterShape::Instant,
            |filter, text| set::instant(&mut filter.to, text),
        ),
    ];
    const DEFAULT_LIMIT: u32 = 50;

    fn list(params: ListParams<AuditFilter, ()>) -> Self {
        let ListParams { filter, page, .. } = params;
        Self { filter, page }
    }
}

impl Query for ListAudit {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<AuditEntry>> {
        let scope = cx.scope();
        cx.audit().list(&scope, &self.filter, &self.page).await
    }
}
