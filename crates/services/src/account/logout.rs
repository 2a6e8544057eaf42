//! Ends the caller's session.

use crate::access::directory::AccessChange;
use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::access::{Access, Action};
use mainstay_domain::error::{Error, Unauthenticated};
use mainstay_domain::event::Story;
use mainstay_domain::{Result, session::Session};
use serde_json::json;

/// Ends the session whose token the caller presented. Both its tokens stop working at once.
#[derive(Debug, Clone)]
pub struct Logout;

impl UseCase for Logout {
    const NAME: &'static str = "account.logout";
    const ACCESS: Access = Access::signed_in();
    type Output = ();
}

impl Command for Logout {
    const IDEMPOTENT: bool = false;

    async fn run(self, work: &mut Work<'_>) -> Result<()> {
        let principal = work.caller().principal();
        let id = principal
            .ok_or(Error::Unauthenticated(Unauthenticated::Missing))?
            .session;
        let (scope, now) = (work.scope::<Session>(), work.now());
        let session = work.sessions().find(&scope, id).await?;
        let permit = work.permit(Action::LOGOUT, &session)?;
        work.sessions().end(&permit, &session, now).await?;
        work.access_changed(AccessChange::SessionEnded(id));
        work.record(
            permit,
            Story::noted("session.closed", "LOGOUT", &json!({"userId": session.user_id})),
        );
        Ok(())
    }
}
