//! Ends all sessions of the caller.

use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::error::{Error, Unauthenticated};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::session::Session;
use mainstay_domain::user::User;
use mainstay_engine::access::AccessChange;
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use serde_json::json;

/// Ends all sessions of the caller, including the one of this request.
#[derive(Debug, Clone)]
pub struct LogoutAll;

impl UseCase for LogoutAll {
    const NAME: &'static str = "account.logout-all";
    const ACCESS: Access = Access::session();
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl Command for LogoutAll {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let principal = cx
            .caller()
            .principal()
            .ok_or(Error::Unauthenticated(Unauthenticated::Missing))?;
        let (user_id, session_id, now) = (principal.id, principal.session()?, cx.now());
        let scope = cx.scope::<Session>();
        let session = cx.sessions().find(&scope, session_id).await?;
        let permit = cx.permit(User::LOGOUT, &session)?;
        let user_permit = cx.permit_new::<User>(User::LOGOUT, user_id, Some(user_id))?;
        let ended = cx.sessions().end_all(&user_permit, user_id, None, now).await?;
        for id in &ended {
            cx.access_changed(AccessChange::SessionEnded(*id));
        }
        cx.record(
            permit,
            DomainEvent::noted("session.all-closed", "LOGOUT_ALL", &json!({"sessions": ended})),
        );
        Ok(())
    }
}
