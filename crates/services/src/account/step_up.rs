//! Step-up: the user of a session proves again who they are, before a sensitive action.

use super::password::{Password, hashing};
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::error::{Denied, Unauthenticated};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::SessionId;
use mainstay_domain::session::Session;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, PrepareContext, PreparedCommand, Repositories, UseCase};
use serde_json::json;

/// Refuses a sensitive action unless the caller proved again who they are within
/// [`STEP_UP_TTL`](mainstay_domain::session::STEP_UP_TTL). A fresh sign-in alone does not count. Parts of Mainstay itself
/// pass: no session is theirs.
///
/// # Errors
/// `STEP_UP_REQUIRED`.
pub async fn require_step_up(cx: &mut CommandContext<'_>) -> Result<()> {
    let Some(principal) = cx.caller().principal() else {
        return Ok(());
    };
    let (id, scope) = (principal.session()?, cx.scope::<Session>());
    match cx.sessions().find(&scope, id).await {
        Ok(session) if session.is_stepped_up(cx.now()) => Ok(()),
        Ok(_) | Err(Error::NotFound) => Err(Error::Denied(Denied::StepUp)),
        Err(error) => Err(error),
    }
}

/// Proves again who the caller is, with their password. In force for this session and
/// [`STEP_UP_TTL`](mainstay_domain::session::STEP_UP_TTL).
#[derive(Debug, Clone)]
pub struct StepUp {
    password: Password,
}

impl StepUp {
    /// A step-up with the given password.
    pub fn with_password(password: Password) -> Self {
        Self { password }
    }
}

impl UseCase for StepUp {
    const NAME: &'static str = "account.step-up";
    const ACCESS: Access = Access::enrolling();
    const RATE: Rate = Rate::per_minute(20);
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl PreparedCommand for StepUp {
    /// The hash that the password was verified against.
    type Prepared = String;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<String> {
        let missing = Error::Unauthenticated(Unauthenticated::Missing);
        let id = cx.context().caller.user_id().ok_or(missing)?;
        let read = cx.read(move |cx| {
            Box::pin(async move {
                let users = cx.scope::<User>();
                cx.credentials().find(&users, id).await
            })
        });
        let (stored, hasher) = (read.await?, &cx.components().hasher);
        let refused = || Error::Unauthenticated(Unauthenticated::Credentials);
        let hash = stored
            .filter(|_| self.password.is_possible())
            .ok_or_else(refused)?;
        let verdict = hasher
            .verify(self.password.text(), &hash)
            .await
            .map_err(hashing)?;
        match verdict.ok {
            true => Ok(hash),
            false => Err(refused()),
        }
    }

    async fn run(self, hash: String, cx: &mut CommandContext<'_>) -> Result<()> {
        let missing = Error::Unauthenticated(Unauthenticated::Missing);
        let principal = cx.caller().principal().ok_or(missing)?;
        let (user, id) = (principal.id, principal.session()?);
        // The password may have changed since it was verified.
        let users = cx.scope::<User>();
        if cx.credentials().find(&users, user).await?.as_ref() != Some(&hash) {
            return Err(Error::Unauthenticated(Unauthenticated::Credentials));
        }
        step_up(cx, id, "password").await
    }
}

/// Notes that the caller proved who they are, and by what.
pub(super) async fn step_up(cx: &mut CommandContext<'_>, id: SessionId, proof: &str) -> Result<()> {
    let (scope, now) = (cx.scope::<Session>(), cx.now());
    let session = cx.sessions().find(&scope, id).await?;
    let permit = cx.permit(Session::STEP_UP, &session)?;
    if !cx.sessions().step_up(&permit, &session, now).await? {
        return Err(Error::Unauthenticated(Unauthenticated::Revoked));
    }
    let facts = json!({"userId": session.user_id, "proof": proof});
    cx.record(
        permit,
        DomainEvent::noted("session.stepped-up", "STEP_UP", &facts),
    );
    Ok(())
}
