//! Ends the session whose tokens a client presents.

use super::presented::presented_session;
use mainstay_domain::access::{Access, Principal, SystemCaller};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::session::{RefreshTokenUse, Session};
use mainstay_domain::{Error, Result};
use mainstay_engine::access::AccessChange;
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_platform::config::Secret;
use serde_json::json;

/// Ends the session whose tokens a client presents; both tokens stop working at once. A refresh token is enough, so
/// that a client whose access token has expired can still sign out.
#[derive(Debug, Clone)]
pub struct Logout {
    /// The refresh token; without it, the access token of the request names the session. Of two different sessions, both
    /// end.
    pub refresh_token: Option<Secret<String>>,
}

impl UseCase for Logout {
    const NAME: &'static str = "account.logout";
    /// Anonymous callers prove by the refresh token which session is theirs.
    const ACCESS: Access = Access::anyone();
    const IGNORES_INVALID_TOKEN: bool = true;
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl Command for Logout {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let mut refusal = cx.context().ignored_token.unwrap_or(Unauthenticated::Missing);
        let mut sessions = Vec::new();
        if let Some(token) = &self.refresh_token {
            match presented_session(cx, token).await {
                Ok(verified) if verified.token_use != RefreshTokenUse::Unknown => {
                    sessions.push(verified.session);
                }
                Ok(_) | Err(Error::Unauthenticated(_)) => refusal = Unauthenticated::Invalid,
                Err(error) => return Err(error),
            }
        }
        let own = cx.caller().principal().map(Principal::session).transpose()?;
        if let Some(id) = own
            && sessions.iter().all(|session| session.id != id)
        {
            let scope = cx.scope::<Session>();
            sessions.push(cx.sessions().find(&scope, id).await?);
        }
        if sessions.is_empty() {
            return Err(Error::Unauthenticated(refusal));
        }
        for session in sessions {
            end(cx, session).await?;
        }
        Ok(())
    }
}

async fn end(cx: &mut CommandContext<'_>, session: Session) -> Result<()> {
    let now = cx.now();
    if !session.is_live(now) {
        return Ok(());
    }
    // A token was the proof that the session is the client's, also where the access token has expired.
    let permit = cx.permit_of(SystemCaller::SIGN_IN, Session::LOGOUT, &session)?;
    cx.sessions().end(&permit, &session, now).await?;
    cx.access_changed(AccessChange::SessionEnded(session.id));
    let facts = json!({"userId": session.user_id});
    cx.record(permit, DomainEvent::noted("session.closed", "LOGOUT", &facts));
    Ok(())
}
