//! Exchanges a refresh token for the next pair of tokens.

use super::opening::{expiry, grants};
use super::presented::{VerifiedRefresh, presented_session};
use super::tokens::{OpenedSession, Tokens};
use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::security::SecurityEventKind;
use mainstay_domain::session::{RefreshTokenUse, Session};
use mainstay_domain::{Error, Result};
use mainstay_engine::access::AccessChange;
use mainstay_engine::{
    CommandContext, Components, Origin, PrepareContext, Repositories, StagedCommand, UseCase,
};
use mainstay_platform::config::Secret;
use mainstay_platform::network::client_network;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// Exchanges a refresh token for the next pair of tokens.
///
/// A client that lost the answer and retries gets the same successor again. A token whose successor was used already
/// ends the session: one of its two holders is a thief (RFC 9700, 4.14.2).
#[derive(Debug, Clone)]
pub struct Refresh {
    token: Secret<String>,
}

/// How long a session that was marked stays without another mail about it.
const FLAG_MAIL_INTERVAL: Duration = Duration::from_hours(24);

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
            RefreshTokenUse::Current => match advance(cx, session).await? {
                Advanced::Next(next) => pair(cx, next, &seed).await,
                Advanced::Before(there) => retry(cx, there, &seed).await,
            },
            RefreshTokenUse::Retry => retry(cx, session, &seed).await,
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

/// What became of the use of a current token.
enum Advanced {
    /// The session is in its next generation.
    Next(Session),
    /// Another request with the same token was faster: this one is a retry that gets the same tokens again.
    Before(Session),
}

async fn advance(cx: &mut CommandContext<'_>, session: Session) -> Result<Advanced> {
    let (now, from) = (cx.now(), session.generation);
    let expires_at = expiry(cx, session.created_at);
    let origin = cx.context().origin.clone();
    let next = Session {
        generation: from + 1,
        ip: origin.ip.map(|ip| ip.to_string()),
        user_agent: origin.user_agent.as_deref().map(str::to_owned),
        last_seen_at: now,
        expires_at,
        ..session
    };
    let permit = cx.permit(Session::REFRESH, &next)?;
    if cx.sessions().advance(&permit, &next, from).await? {
        return Ok(Advanced::Next(next));
    }
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let now_there = cx.sessions().find(&scope, next.id).await?;
    match (now_there.ended_at, now_there.classify(from)) {
        (None, RefreshTokenUse::Retry) => Ok(Advanced::Before(now_there)),
        _ => Err(Error::Unauthenticated(Unauthenticated::Revoked)),
    }
}

/// Answers a token whose successor was never used: the client lost the answer, however long ago. When another client
/// asks than the one that got the successor, one of the two may be a thief; the owner gets a mail, or with
/// `REFRESH_RETRY=strict` the session ends.
async fn retry(cx: &mut CommandContext<'_>, session: Session, seed: &[u8; 32]) -> Result<WrittenRefresh> {
    if is_same_client(&session, &cx.context().origin) {
        return pair(cx, session, seed).await;
    }
    let now = cx.now();
    cx.suspected(
        SecurityEventKind::RefreshTokenShared,
        session.user_id,
        Refresh::NAME,
    );
    // One mail a day, however often the two refresh.
    if session
        .flagged_at
        .is_none_or(|at| now.since(at) >= FLAG_MAIL_INTERVAL)
    {
        let scope = cx.scope_of(SystemCaller::SIGN_IN);
        let user = cx.users().find(&scope, session.user_id).await?;
        let request = RequestFacts::of(cx);
        mail::send(cx, &user, AccountMail::SessionFlagged { request })?;
    }
    if cx.components().policies.strict_refresh {
        return end(cx, session).await;
    }
    let flagged = Session {
        flagged_at: Some(now),
        ..session.clone()
    };
    let permit = cx.permit_of(SystemCaller::SIGN_IN, Session::FLAG, &session)?;
    cx.sessions().flag(&permit, &session, now).await?;
    cx.record(
        permit,
        DomainEvent::acted("session.flagged", "FLAG", &session, &flagged),
    );
    pair(cx, flagged, seed).await
}

/// Whether a request comes from the software and the network that the session's current token was issued to.
fn is_same_client(session: &Session, origin: &Origin) -> bool {
    let network = |ip: IpAddr| client_network(ip);
    let issued = session.ip.as_deref().and_then(|ip| ip.parse().ok()).map(network);
    issued == origin.ip.map(network) && session.user_agent.as_deref() == origin.user_agent.as_deref()
}

async fn pair(cx: &mut CommandContext<'_>, session: Session, seed: &[u8; 32]) -> Result<WrittenRefresh> {
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let user = cx.users().find(&scope, session.user_id).await?;
    user.check_usable()?;
    // One that was opened in the moment in which the owner requested the deletion.
    if user.deletion_at.is_some() {
        return Err(Error::Unauthenticated(Unauthenticated::Revoked));
    }
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
