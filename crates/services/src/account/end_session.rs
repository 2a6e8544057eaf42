//! Ends one of the caller's sessions.

use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::session::{Session, SessionId};
use mainstay_domain::{Error, Result};
use mainstay_engine::access::AccessChange;
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use serde_json::json;

/// Ends one of the caller's sessions, such as that of a lost device. Its tokens stop working at once. A session that
/// has ended, and one of another account, does not exist: 404.
#[derive(Debug, Clone)]
pub struct EndSession {
    /// The session to end; the one of this request is allowed.
    pub id: SessionId,
}

impl UseCase for EndSession {
    const NAME: &'static str = "account.session.end";
    const ACCESS: Access = Access::enrolling();
    type Output = ();
}

impl Command for EndSession {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let (scope, now) = (cx.scope::<Session>(), cx.now());
        let session = cx.sessions().find(&scope, self.id).await?;
        if !session.is_live(now) {
            return Err(Error::NotFound);
        }
        let permit = cx.permit(Session::LOGOUT, &session)?;
        cx.sessions().end(&permit, &session, now).await?;
        cx.access_changed(AccessChange::SessionEnded(session.id));
        let facts = json!({"userId": session.user_id});
        cx.record(permit, DomainEvent::noted("session.revoked", "REVOKE", &facts));
        Ok(())
    }
}
