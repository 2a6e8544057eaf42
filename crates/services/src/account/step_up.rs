//! Step-up: the user of a session proves again who they are, before a sensitive action.

use super::factor::{FactorCode, MatchedCode, match_code, use_code};
use super::own_password::{VerifiedPassword, verify_own};
use super::passkey::{AssertionResponse, VerifiedPasskey, use_passkey, verify_passkey};
use super::password::Password;
use super::step_up_code::{MatchedMailCode, match_mail_code, use_mail_code};
use super::tries::{self, TakenTry};
use mainstay_domain::access::{Access, Principal, Rate};
use mainstay_domain::error::{Denied, Unauthenticated};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::SessionId;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::session::{STEP_UP_TTL, Session};
use mainstay_domain::tries::TryKind;
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
    let (id, now) = (principal.session()?, cx.now());
    check_session(cx, id, |session| session.is_stepped_up(now)).await
}

/// Refuses to add a way to sign in unless the caller proved who they are within
/// [`STEP_UP_TTL`](mainstay_domain::session::STEP_UP_TTL): by a step-up, or, where the account has no second factor and so
/// perhaps nothing to step up with, by the sign-in itself.
///
/// # Errors
/// `STEP_UP_REQUIRED`.
pub(super) async fn require_recent_proof(cx: &mut CommandContext<'_>, user: &User) -> Result<()> {
    if user.mfa_enabled {
        return require_step_up(cx).await;
    }
    let (id, now) = (signed_in(cx.caller().principal())?.session()?, cx.now());
    let is_recent =
        |session: &Session| session.is_stepped_up(now) || now < session.created_at.after(STEP_UP_TTL);
    check_session(cx, id, is_recent).await
}

/// Checks the session of the caller.
async fn check_session(
    cx: &mut CommandContext<'_>,
    id: SessionId,
    is_enough: impl Fn(&Session) -> bool,
) -> Result<()> {
    let scope = cx.scope::<Session>();
    match cx.sessions().find(&scope, id).await {
        Ok(session) if is_enough(&session) => Ok(()),
        Ok(_) | Err(Error::NotFound) => Err(Error::Denied(Denied::StepUp)),
        Err(error) => Err(error),
    }
}

/// Proves again who the caller is. In force for this session and
/// [`STEP_UP_TTL`](mainstay_domain::session::STEP_UP_TTL).
#[derive(Debug, Clone)]
pub enum StepUp {
    /// With the password of an account that has no second factor: a password alone does not stand for both.
    Password(Password),
    /// With a code of a second factor, or one that was mailed; `None` for a text that is no code.
    Code(Option<FactorCode>),
    /// With a passkey.
    Passkey(AssertionResponse),
}

/// A proof that was verified before the transaction.
#[derive(Debug, Clone)]
pub struct VerifiedProof(Proof);

#[derive(Debug, Clone)]
enum Proof {
    Password(VerifiedPassword),
    MailCode(MatchedMailCode),
    /// With its try.
    Code(MatchedCode, TakenTry),
    /// With its try.
    Passkey(Box<VerifiedPasskey>, TakenTry),
}

impl UseCase for StepUp {
    const NAME: &'static str = "account.step-up";
    const ACCESS: Access = Access::enrolling();
    const RATE: Rate = Rate::per_minute(20);
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl PreparedCommand for StepUp {
    type Prepared = VerifiedProof;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<VerifiedProof> {
        let proof = match self {
            Self::Password(password) => {
                check_password_is_enough(&own_account(cx).await?)?;
                Proof::Password(verify_own(cx, password).await?.1)
            }
            Self::Code(code) if own_account(cx).await?.mfa_enabled => {
                let user = signed_in(cx.context().caller.principal())?.id;
                let taken = tries::take(cx, TryKind::StepUp, &user.to_string()).await?;
                Proof::Code(match_code(cx, user, code.as_ref()).await?, taken)
            }
            Self::Code(code) => {
                let principal = signed_in(cx.context().caller.principal())?;
                Proof::MailCode(match_mail_code(cx, principal, code.as_ref()).await?)
            }
            Self::Passkey(response) => {
                let user = signed_in(cx.context().caller.principal())?.id;
                let taken = tries::take(cx, TryKind::Passkey, "").await?;
                let purpose = TokenPurpose::PasskeyFactor;
                let verified = verify_passkey(cx, purpose, response, Some(user)).await?;
                Proof::Passkey(Box::new(verified), taken)
            }
        };
        Ok(VerifiedProof(proof))
    }

    async fn run(self, VerifiedProof(proof): VerifiedProof, cx: &mut CommandContext<'_>) -> Result<()> {
        let principal = signed_in(cx.caller().principal())?;
        let (user, session, users) = (principal.id, principal.session()?, cx.scope::<User>());
        let user = cx.users().find(&users, user).await?;
        let proof = match &proof {
            Proof::Password(password) => {
                // A factor may have been added since the password was verified.
                check_password_is_enough(&user)?;
                password.confirm(cx, &user).await?;
                "password"
            }
            Proof::MailCode(matched) => {
                use_mail_code(cx, &user, matched).await?;
                "mail-code"
            }
            Proof::Code(matched, taken) => {
                let permit = cx.permit(User::USE_FACTOR, &user)?;
                use_code(cx, permit, &user, matched).await?;
                taken.give_back(cx).await?;
                "code"
            }
            Proof::Passkey(verified, taken) => {
                use_passkey(cx, verified, Self::NAME).await?;
                taken.give_back(cx).await?;
                "passkey"
            }
        };
        step_up(cx, session, proof).await
    }
}

/// Checks that a password proves enough: where the account has a second factor, it is half of a sign-in.
fn check_password_is_enough(user: &User) -> Result<()> {
    match user.mfa_enabled {
        true => Err(Error::InvalidState(
            "the account has a second factor: prove who you are with it".to_owned(),
        )),
        false => Ok(()),
    }
}

/// The account of the caller.
async fn own_account(cx: &PrepareContext<'_>) -> Result<User> {
    let id = signed_in(cx.context().caller.principal())?.id;
    let read = cx.read(move |cx| {
        Box::pin(async move {
            let scope = cx.scope::<User>();
            cx.users().find(&scope, id).await
        })
    });
    read.await
}

fn signed_in(principal: Option<&Principal>) -> Result<&Principal> {
    principal.ok_or(Error::Unauthenticated(Unauthenticated::Missing))
}

/// Notes that the caller proved who they are, and by what.
pub(crate) async fn step_up(cx: &mut CommandContext<'_>, id: SessionId, proof: &str) -> Result<()> {
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
