//! The audit trail and security events.

use crate::parse;
use mainstay_views::{AuditView, SecurityEventView};
use mainstay_domain::id::UserId;
use mainstay_domain::page::DEFAULT_LIMIT;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Listed};
use mainstay_edge::input::{PageParams, Query, page};
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_services::audit::{ListAudit, ListSecurityEvents};
use mainstay_services::list::AuditFilter;
use serde::Deserialize;

/// How many entries a page has when nobody says.
const ENTRIES: u32 = 50;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(ListAudit, list))
        .add(route!(ListSecurityEvents, security_events))
}

/// Which entries, and which part of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListAuditParams {
    /// What kind of thing: `order`.
    resource: Option<String>,
    /// Which one.
    resource_id: Option<String>,
    #[param(format = Uuid)]
    user_id: Option<String>,
    /// `CREATE`, `UPDATE`, `DELETE` or a verb.
    action: Option<String>,
    /// Not before.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before.
    #[param(format = DateTime)]
    to: Option<String>,
    #[param(value_type = Option<u32>, minimum = 1)]
    page: Option<String>,
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// Instead of `page`: the `nextCursor` of this list with the same sort and filters; empty for the beginning.
    #[param(pattern = "^([0-9a-f]{2})*$")]
    cursor: Option<String>,
}

/// Which part of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Part {
    #[param(value_type = Option<u32>, minimum = 1)]
    page: Option<String>,
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// Instead of `page`: the `nextCursor` of this list with the same sort and filters; empty for the beginning.
    #[param(pattern = "^([0-9a-f]{2})*$")]
    cursor: Option<String>,
}

/// Reads the audit trail, newest first.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(ListAuditParams),
    responses((status = 200, description = "Entries", body = Listed<AuditView>)))]
async fn list(operation: Operation<ListAudit>, Query(params): Query<ListAuditParams>) -> Answer {
    let mut errors = ValidationErrors::new();
    let resource = errors.take_optional("resource", params.resource.as_deref().map(parse::words));
    let resource_id = errors.take_optional("resourceId", params.resource_id.as_deref().map(parse::words));
    let user_id = errors.take_optional("userId", params.user_id.as_deref().map(parse::id::<UserId>));
    let action = errors.take_optional("action", params.action.as_deref().map(parse::words));
    let from = errors.take_optional("from", params.from.as_deref().map(parse::instant));
    let to = errors.take_optional("to", params.to.as_deref().map(parse::instant));
    let asked = PageParams {
        page: params.page.as_deref(),
        limit: params.limit.as_deref(),
        cursor: params.cursor.as_deref(),
    };
    let page = page(&mut errors, asked, ENTRIES);
    let page = ApiError::unless_good(errors, page)?;
    let filter = AuditFilter {
        resource,
        resource_id,
        user_id,
        action,
        from,
        to,
    };
    answer::list(
        operation.query(ListAudit { filter, page }).await?,
        AuditView::from,
    )
}

/// Lists denied and suspicious attempts, newest first.
#[utoipa::path(get, path = "/api/security-events", tag = "audit", params(Part),
    responses((status = 200, description = "Events", body = Listed<SecurityEventView>)))]
async fn security_events(operation: Operation<ListSecurityEvents>, Query(part): Query<Part>) -> Answer {
    let mut errors = ValidationErrors::new();
    let asked = PageParams {
        page: part.page.as_deref(),
        limit: part.limit.as_deref(),
        cursor: part.cursor.as_deref(),
    };
    let page = page(&mut errors, asked, DEFAULT_LIMIT);
    let page = ApiError::unless_good(errors, page)?;
    answer::list(
        operation.query(ListSecurityEvents { page }).await?,
        SecurityEventView::from,
    )
}
