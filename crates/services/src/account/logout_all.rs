//! Ends all sessions of the caller.

use crate::access::directory::AccessChange;
use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Action};
use mainstay_domain::error::{Error, Unauthenticated};
use mainstay_domain::event::Story;
use mainstay_domain::session::Session;
use mainstay_domain::user::User;
use serde_json::json;

/// Ends all sessions of the caller, including the one of this request.
#[derive(Debug, Clone)]
pub struct LogoutAll;

impl UseCase for LogoutAll {
    const NAME: &'static str = "account.logout-all";
    const ACCESS: Access = Access::signed_in();
    type Output = ();
}

impl Command for LogoutAll {
    const IDEMPOTENT: bool = false;

    async fn run(self, work: &mut Work<'_>) -> Result<()> {
        let principal = work
            .caller()
            .principal()
            .ok_or(Error::Unauthenticated(Unauthenticated::Missing))?;
        let (user_id, session_id, now) = (principal.id, principal.session, work.now());
        let scope = work.scope::<Session>();
        let session = work.sessions().find(&scope, session_id).await?;
        let permit = work.permit(Action::LOGOUT, &session)?;
        let user_permit = work.permit_new::<User>(Action::LOGOUT, user_id, Some(user_id))?;
        let ended = work.sessions().end_all(&user_permit, None, now).await?;
        for id in &ended {
            work.access_changed(AccessChange::SessionEnded(*id));
        }
        work.record(
            permit,
            Story::noted("session.all-closed", "LOGOUT_ALL", &json!({"sessions": ended})),
        );
        Ok(())
    }
}
