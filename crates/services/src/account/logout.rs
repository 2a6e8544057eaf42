//! Ends the caller's session.

use mainstay_domain::access::Access;
use mainstay_domain::error::{Error, Unauthenticated};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::{Result, session::Session};
use mainstay_engine::access::AccessChange;
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use serde_json::json;

/// Ends the session whose token the caller presented. Both its tokens stop working at once.
#[derive(Debug, Clone)]
pub struct Logout;

impl UseCase for Logout {
    const NAME: &'static str = "account.logout";
    const ACCESS: Access = Access::session();
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl Command for Logout {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let principal = cx.caller().principal();
        let id = principal
            .ok_or(Error::Unauthenticated(Unauthenticated::Missing))?
            .session()?;
        let (scope, now) = (cx.scope::<Session>(), cx.now());
        let session = cx.sessions().find(&scope, id).await?;
        let permit = cx.permit(Session::LOGOUT, &session)?;
        cx.sessions().end(&permit, &session, now).await?;
        cx.access_changed(AccessChange::SessionEnded(id));
        cx.record(
            permit,
            DomainEvent::noted("session.closed", "LOGOUT", &json!({"userId": session.user_id})),
        );
        Ok(())
    }
}
