//! The caller's own sessions.

use mainstay_domain::session::SessionId;
use mainstay_edge::answer;
use mainstay_edge::input::PathId;
use mainstay_edge::{Answer, Operation, Routes, route};
use mainstay_services::account::{EndSession, ListSessions};
use mainstay_views::SessionView;

pub(crate) fn routes() -> Routes {
    Routes::tagged("auth")
        .list::<ListSessions, SessionView>(
            "/api/auth/sessions",
            "Lists the caller's sessions, the newest first. By cursor the list is complete also while sessions end.",
            "Sessions",
        )
        .add(route!(EndSession, end))
}

/// Ends one of the caller's sessions, such as that of a lost device; its tokens stop working at once.
#[utoipa::path(delete, path = "/api/auth/sessions/{id}", tag = "auth", params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "The session has ended"), (status = 404)))]
async fn end(operation: Operation<EndSession>, PathId(id): PathId<SessionId>) -> Answer {
    operation.command(EndSession { id }).await?;
    Ok(answer::nothing())
}
