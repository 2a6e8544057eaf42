//! Exchanges a refresh token for the next pair of tokens.

use super::opening::{expiry, grants};
use super::presented::{VerifiedRefresh, presented_session};
use super::tokens::{OpenedSession, Tokens};
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::session::{RefreshTokenUse, Session};
use mainstay_domain::{Error, Result};
use mainstay_engine::access::AccessChange;
use mainstay_engine::{CommandContext, Components, PrepareContext, Repositories, StagedCommand, UseCase};
use mainstay_platform::config::Secret;
use serde::{Deserialize, Serialize};

/// Exchanges a refresh token for the next pair of tokens.
///
/// A client that lost the answer and retries gets the same successor again. A token whose successor was used already
/// ends the session: one of its two holders is a thief (RFC 9700, 4.14.2).
#[derive(Debug, Clone)]
pub struct Refresh {
    token: Secret<String>,
}

/// The outcome of a refresh. The end of a session has to be committed, so it is not an error inside of the
/// transaction.
#[derive(Debug, Clone)]
pub enum Refreshed {
    /// The next pair of tokens.
    Tokens(Box<Tokens>),
    /// The token had been used before, and the session has ended.
    Reused,
}

/// A [`Refreshed`] whose tokens are yet to be signed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum WrittenRefresh {
    /// The session lives on.
    Session(Box<OpenedSession>),
    /// As [`Refreshed::Reused`].
    Reused,
}

impl Refresh {
    /// A refresh with the given token.
    pub fn new(token: Secret<String>) -> Self {
        Self { token }
    }
}

impl Refreshed {
    /// The tokens, or the error for the client.
    ///
    /// # Errors
    /// `TOKEN_REUSED`.
    pub fn tokens(self) -> Result<Tokens> {
        match self {
            Self::Tokens(tokens) => Ok(*tokens),
            Self::Reused => Err(Error::Unauthenticated(Unauthenticated::Reused)),
        }
    }
}

impl UseCase for Refresh {
    const NAME: &'static str = "account.refresh";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(300);
    const SECRET_ANSWER: bool = true;
    const SIGNS_IN: bool = true;
    type Output = Refreshed;
}

impl StagedCommand for Refresh {
    type Prepared = ();
    type Written = WrittenRefresh;
    /// A refresh increments a counter; only its misuse is an event.
    const RECORDS_NO_EVENT: bool = true;

    async fn prepare(&self, _: &PrepareContext<'_>) -> Result<()> {
        Ok(())
    }

    async fn run(self, (): (), cx: &mut CommandContext<'_>) -> Result<WrittenRefresh> {
        let VerifiedRefresh {
            session,
            seed,
            token_use,
        } = presented_session(cx, &self.token).await?;
        if session.ended_at.is_some() {
            return Err(Error::Unauthenticated(Unauthenticated::Revoked));
        }
        if !session.is_live(cx.now()) {
            return Err(Error::Unauthenticated(Unauthenticated::Expired));
        }
        match token_use {
            RefreshTokenUse::Unknown => Err(Error::Unauthenticated(Unauthenticated::Invalid)),
            RefreshTokenUse::Current => {
                let next = advance(cx, session).await?;
                pair(cx, next, &seed).await
            }
            RefreshTokenUse::Retry => pair(cx, session, &seed).await,
            RefreshTokenUse::Replay => end(cx, session).await,
        }
    }

    fn finish(written: WrittenRefresh, components: &Components) -> Result<Refreshed> {
        match written {
            WrittenRefresh::Session(session) => Ok(Refreshed::Tokens(Box::new(session.sign(components)?))),
            WrittenRefresh::Reused => Ok(Refreshed::Reused),
        }
    }
}

async fn advance(cx: &mut CommandContext<'_>, session: Session) -> Result<Session> {
    let (now, from) = (cx.now(), session.generation);
    let expires_at = expiry(cx, session.created_at);
    let next = Session {
        generation: from + 1,
        last_seen_at: now,
        expires_at,
        ..session
    };
    let permit = cx.permit(Session::REFRESH, &next)?;
    if cx.sessions().advance(&permit, &next, from).await? {
        return Ok(next);
    }
    // Another request with the same token was faster, so this is a retry that gets the same tokens again.
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let now_there = cx.sessions().find(&scope, next.id).await?;
    match (now_there.ended_at, now_there.classify(from)) {
        (None, RefreshTokenUse::Retry) => Ok(now_there),
        _ => Err(Error::Unauthenticated(Unauthenticated::Revoked)),
    }
}

async fn pair(cx: &mut CommandContext<'_>, session: Session, seed: &[u8; 32]) -> Result<WrittenRefresh> {
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let user = cx.users().find(&scope, session.user_id).await?;
    user.check_usable()?;
    let grants = grants(cx, &user).await?;
    let opened = OpenedSession::new(cx, user, grants, session, seed);
    Ok(WrittenRefresh::Session(Box::new(opened)))
}

async fn end(cx: &mut CommandContext<'_>, session: Session) -> Result<WrittenRefresh> {
    let now = cx.now();
    let permit = cx.permit_of(SystemCaller::SIGN_IN, Session::LOGOUT, &session)?;
    cx.sessions().end(&permit, &session, now).await?;
    cx.access_changed(AccessChange::SessionEnded(session.id));
    let ended = Session {
        ended_at: Some(now),
        ..session.clone()
    };
    // To the pipeline this is a success, so the attempt is recorded here.
    cx.refused(Refresh::NAME, Error::Unauthenticated(Unauthenticated::Reused));
    cx.record(
        permit,
        DomainEvent::acted("session.reused", "TOKEN_REUSED", &session, &ended),
    );
    Ok(WrittenRefresh::Reused)
}
