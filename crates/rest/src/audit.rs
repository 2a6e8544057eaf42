//! The audit trail and security events.

use crate::parse;
use crate::view::{AuditView, SecurityEventView};
use mainstay_domain::fault::Faults;
use mainstay_domain::id::UserId;
use mainstay_domain::page::USUAL;
use mainstay_edge::answer::{self, Listed};
use mainstay_edge::input::{Asked, Query, page};
use mainstay_edge::{Answer, Door, Refusal, Routes, route};
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
struct Which {
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
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(Which),
    responses((status = 200, description = "Entries", body = Listed<AuditView>)))]
async fn list(door: Door<ListAudit>, Query(which): Query<Which>) -> Answer {
    let mut faults = Faults::new();
    let resource = faults.take_optional("resource", which.resource.as_deref().map(parse::words));
    let resource_id = faults.take_optional("resourceId", which.resource_id.as_deref().map(parse::words));
    let user_id = faults.take_optional("userId", which.user_id.as_deref().map(parse::id::<UserId>));
    let action = faults.take_optional("action", which.action.as_deref().map(parse::words));
    let from = faults.take_optional("from", which.from.as_deref().map(parse::instant));
    let to = faults.take_optional("to", which.to.as_deref().map(parse::instant));
    let asked = Asked {
        page: which.page.as_deref(),
        limit: which.limit.as_deref(),
        cursor: which.cursor.as_deref(),
    };
    let page = page(&mut faults, asked, ENTRIES);
    let page = Refusal::unless_good(faults, page)?;
    let filter = AuditFilter {
        resource,
        resource_id,
        user_id,
        action,
        from,
        to,
    };
    answer::list(door.query(ListAudit { filter, page }).await?, AuditView::from)
}

/// Lists denied and suspicious attempts, newest first.
#[utoipa::path(get, path = "/api/security-events", tag = "audit", params(Part),
    responses((status = 200, description = "Events", body = Listed<SecurityEventView>)))]
async fn security_events(door: Door<ListSecurityEvents>, Query(part): Query<Part>) -> Answer {
    let mut faults = Faults::new();
    let asked = Asked {
        page: part.page.as_deref(),
        limit: part.limit.as_deref(),
        cursor: part.cursor.as_deref(),
    };
    let page = page(&mut faults, asked, USUAL);
    let page = Refusal::unless_good(faults, page)?;
    answer::list(
        door.query(ListSecurityEvents { page }).await?,
        SecurityEventView::from,
    )
}
