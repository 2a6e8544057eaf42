//! Restores an account that is to be deleted.

use super::end_sessions::end_sessions_of;
use super::one_time::consume;
use super::opening::open_session;
use super::own_address::note_access;
use super::tokens::{OpenedSession, Tokens};
use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{
    CommandContext, Components, PrepareContext, Repositories, Secret, StagedCommand, UseCase,
};

/// Restores an account whose owner requested its deletion, informs the owner by mail, and signs in to it. The token is that of the answer to a
/// sign-in, with all the factors that it needs; it works once, and not after the end of the period of grace.
#[derive(Debug, Clone)]
pub struct RestoreAccount {
    token: Secret<String>,
}

impl RestoreAccount {
    /// With the token that a sign-in was answered with.
    pub fn new(token: Secret<String>) -> Self {
        Self { token }
    }
}

impl UseCase for RestoreAccount {
    const NAME: &'static str = "account.restore";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(60);
    const SECRET_ANSWER: bool = true;
    const SIGNS_IN: bool = true;
    type Output = Tokens;
}

impl StagedCommand for RestoreAccount {
    type Prepared = ();
    type Written = OpenedSession;

    async fn prepare(&self, _: &PrepareContext<'_>) -> Result<()> {
        Ok(())
    }

    async fn run(self, (): (), cx: &mut CommandContext<'_>) -> Result<OpenedSession> {
        let invalid = || Error::Unauthenticated(Unauthenticated::Invalid);
        let token = consume(cx, TokenPurpose::RestoreAccount, self.token.expose()).await?;
        let id = token.user_id.ok_or_else(invalid)?;
        let scope = cx.scope_of(SystemCaller::SIGN_IN);
        // The deletion may have been faster.
        let found = cx.users().find(&scope, id).await;
        let before = found.map_err(|error| match error {
            Error::NotFound => invalid(),
            other => other,
        })?;
        before.check_usable()?;
        cx.act_for(before.id);
        let user = match before.deletion_at {
            Some(at) if at <= cx.now() => return Err(invalid()),
            Some(_) => restore(cx, before).await?,
            // Another token of the same owner restored it.
            None => before,
        };
        let method = token.payload.as_deref().and_then(SignInMethod::find);
        let method = method.ok_or_else(|| Error::bug("the token of a sign-in does not name its method"))?;
        open_session(cx, user, method).await
    }

    fn finish(written: OpenedSession, components: &Components) -> Result<Tokens> {
        written.sign(components)
    }
}

async fn restore(cx: &mut CommandContext<'_>, before: User) -> Result<User> {
    let after = before.clone().restored(cx.now());
    let permit = cx.permit_of(SystemCaller::SIGN_IN, User::RESTORE, &before)?;
    cx.users().save(&permit, &after).await?;
    // One that was opened in the moment of the request would live again.
    end_sessions_of(cx, &after, None).await?;
    let event = DomainEvent::acted("user.restored", "RESTORE", &before, &after);
    cx.record(permit, event);
    note_access(cx, after.id).await?;
    let request = RequestFacts::of(cx);
    mail::send(cx, &after, AccountMail::AccountRestored { request })?;
    Ok(after)
}
