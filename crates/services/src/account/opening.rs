//! Opens a session: the last step of every way to sign in.

use super::Tokens;
use crate::work::{Repositories, Work};
use mainstay_domain::Result;
use mainstay_domain::access::{Action, Grant, SystemCaller};
use mainstay_domain::event::Story;
use mainstay_domain::random;
use mainstay_domain::session::Session;
use mainstay_domain::user::User;
use serde_json::json;

/// Opens a session for an account whose credentials were verified, and signs its tokens.
pub(crate) async fn open_session(work: &mut Work<'_>, user: User) -> Result<Tokens> {
    user.check_usable()?;
    let (now, origin) = (work.now(), work.context().origin.clone());
    let session = Session {
        id: work.make_id(),
        user_id: user.id,
        generation: 0,
        ip: origin.ip.map(|ip| ip.to_string()),
        user_agent: origin.user_agent.as_deref().map(str::to_owned),
        created_at: now,
        last_seen_at: now,
        expires_at: now.after(work.services().policies().refresh_ttl),
        ended_at: None,
    };
    let seed = random::bytes(work.random());
    let sealed = work.services().seal_seed(&session, &seed);
    let permit = work.permit(Action::LOGIN, &session)?;
    work.sessions().insert(&permit, &session, &sealed).await?;
    work.record(
        permit,
        Story::noted("session.opened", "LOGIN", &json!({"userId": user.id})),
    );
    let grants = grants(work, &user).await?;
    work.services().sign_tokens((user, &grants), &session, &seed, now)
}

/// The account's personal permissions.
pub(crate) async fn grants(work: &mut Work<'_>, user: &User) -> Result<Vec<Grant>> {
    let scope = work.scope_of(SystemCaller::SIGN_IN);
    let rows = work.users().grants(&scope, user.id).await?;
    Ok(rows
        .into_iter()
        .map(|row| Grant {
            permission: row.permission,
            until: row.expires_at,
        })
        .collect())
}
