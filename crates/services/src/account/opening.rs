//! Opens a session: the last step of every way to sign in.

use super::seed::seal_seed;
use super::tokens::{Tokens, sign_tokens};
use mainstay_domain::Result;
use mainstay_domain::access::{Grant, SystemCaller};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::random;
use mainstay_domain::session::Session;
use mainstay_domain::user::User;
use mainstay_engine::{CommandContext, Repositories};
use serde_json::json;

/// Opens a session for an account whose credentials were verified, and signs its tokens.
pub(crate) async fn open_session(cx: &mut CommandContext<'_>, user: User) -> Result<Tokens> {
    user.check_usable()?;
    let (now, origin) = (cx.now(), cx.context().origin.clone());
    let session = Session {
        id: cx.make_id(),
        user_id: user.id,
        generation: 0,
        ip: origin.ip.map(|ip| ip.to_string()),
        user_agent: origin.user_agent.as_deref().map(str::to_owned),
        created_at: now,
        last_seen_at: now,
        expires_at: now.after(cx.components().policies.refresh_ttl),
        ended_at: None,
    };
    let seed = random::bytes(cx.random());
    let sealed = seal_seed(&cx.components().sealer, &session, &seed, cx.random());
    let permit = cx.permit(Session::LOGIN, &session)?;
    cx.sessions().insert(&permit, &session, &sealed).await?;
    cx.record(
        permit,
        DomainEvent::noted("session.opened", "LOGIN", &json!({"userId": user.id})),
    );
    let grants = grants(cx, &user).await?;
    sign_tokens(cx.components(), (user, &grants), &session, &seed, now)
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
