//! Ends the sessions of an account.

use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::session::SessionId;
use mainstay_domain::user::User;
use mainstay_engine::access::AccessChange;
use mainstay_engine::{CommandContext, Repositories};
use serde_json::json;

/// Ends all sessions of an account, except one if given, and records it. All their tokens stop working at once. The
/// use case that calls it has checked that its caller may: the account's owner, an administrator, or the holder of a
/// token that was sent to the owner.
///
/// # Errors
/// Only the database's.
pub(crate) async fn end_sessions_of(
    cx: &mut CommandContext<'_>,
    user: &User,
    except: Option<SessionId>,
) -> Result<()> {
    let now = cx.now();
    let permit = cx.permit_of(SystemCaller::SIGN_IN, User::LOGOUT, user)?;
    let ended = cx.sessions().end_all(&permit, user.id, except, now).await?;
    if ended.is_empty() {
        return Ok(());
    }
    for id in &ended {
        cx.access_changed(AccessChange::SessionEnded(*id));
    }
    let facts = json!({"sessions": ended});
    cx.record(
        permit,
        DomainEvent::noted("session.all-closed", "LOGOUT_ALL", &facts),
    );
    Ok(())
}
