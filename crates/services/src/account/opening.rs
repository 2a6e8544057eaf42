//! Opens a session: the last step of every way to sign in.

use super::devices::recognise_device;
use super::seed::seal_seed;
use super::tokens::OpenedSession;
use super::tries;
use mainstay_domain::Result;
use mainstay_domain::access::{Grant, SystemCaller};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::random;
use mainstay_domain::session::{Session, SignInMethod};
use mainstay_domain::time::Timestamp;
use mainstay_domain::tries::TryKind;
use mainstay_domain::user::User;
use mainstay_engine::{CommandContext, Repositories};
use serde_json::json;

/// Opens a session for an account that has proved all that it has to prove. Its tokens are signed after the commit
/// ([`OpenedSession::sign`]).
pub(crate) async fn open_session(
    cx: &mut CommandContext<'_>,
    user: User,
    method: SignInMethod,
) -> Result<OpenedSession> {
    user.check_usable()?;
    cx.act_for(user.id);
    if method != SignInMethod::Password {
        // A password that was verified has given its try back.
        tries::forgive(cx, TryKind::Password, user.email.as_str()).await?;
    }
    let (now, origin) = (cx.now(), cx.context().origin.clone());
    let session = Session {
        id: cx.make_id(),
        user_id: user.id,
        method,
        stepped_up_at: None,
        generation: 0,
        ip: origin.ip.map(|ip| ip.to_string()),
        user_agent: origin.user_agent.as_deref().map(str::to_owned),
        created_at: now,
        last_seen_at: now,
        expires_at: expiry(cx, now),
        flagged_at: None,
        ended_at: None,
    };
    let browser = recognise_device(cx, &user, method).await?;
    let seed = random::bytes(cx.random());
    let sealed = seal_seed(&cx.components().sealer, &session, &seed, cx.random());
    let permit = cx.permit(Session::LOGIN, &session)?;
    cx.sessions().insert(&permit, &session, &sealed).await?;
    let facts = json!({"userId": user.id, "method": method});
    cx.record(permit, DomainEvent::noted("session.opened", "LOGIN", &facts));
    let grants = grants(cx, &user).await?;
    Ok(OpenedSession::new(cx, user, grants, session, &seed).for_browser(browser))
}

/// When a session that began at `created_at` ends if no further refresh follows this transaction's.
pub(crate) fn expiry(cx: &CommandContext<'_>, created_at: Timestamp) -> Timestamp {
    let policies = &cx.components().policies;
    Session::expiry(created_at, cx.now(), policies.refresh_ttl, policies.session_max)
}

/// The account's personal permissions.
pub(crate) async fn grants(cx: &mut CommandContext<'_>, user: &User) -> Result<Vec<Grant>> {
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let rows = cx.users().grants(&scope, user.id).await?;
    Ok(rows
        .into_iter()
        .map(|row| Grant {
            permission: row.permission,
            until: row.expires_at,
        })
        .collect())
}
