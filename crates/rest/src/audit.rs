//! The audit trail and security events.

use mainstay_edge::Routes;
use mainstay_services::audit::{ListAudit, ListSecurityEvents};
use mainstay_views::{AuditView, SecurityEventView};

pub(crate) fn routes() -> Routes {
    Routes::tagged("audit")
        .list::<ListAudit, AuditView>("/api/audit", "Reads the audit trail, newest first.", "Entries")
        .list::<ListSecurityEvents, SecurityEventView>(
            "/api/security-events",
            "Lists denied and suspicious attempts, newest first.",
            "Events",
        )
}
