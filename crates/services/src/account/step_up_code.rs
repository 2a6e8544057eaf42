//! Step-up by a code in a mail, for accounts that have nothing else to prove themselves with: they sign in by a provider, a
//! link or a code, and have neither a password nor a second factor.

use super::factor::{FactorCode, own_account, wrong_code};
use super::tries::{self, TakenTry};
use crate::mail::{self, AccountMail};
use mainstay_domain::access::{Access, Principal, Rate};
use mainstay_domain::email_code::{CODE_TRIES, CODE_TTL, EmailCode};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::id::SessionId;
use mainstay_domain::tries::TryKind;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, PrepareContext, Repositories, Secret, UseCase};
use mainstay_platform::crypto::same;
use mainstay_repositories::STEP_UP_CODE;

/// Sends a code to the address of the caller's account, with which this session can step up. An earlier code stops working.
#[derive(Debug, Clone)]
pub struct RequestStepUpCode;

impl UseCase for RequestStepUpCode {
    const NAME: &'static str = "account.request-step-up-code";
    const ACCESS: Access = Access::enrolling();
    /// So that a stolen session cannot flood the mailbox.
    const RATE: Rate = Rate::per_minute(3);
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl Command for RequestStepUpCode {
    /// A code changes nothing before it is used.
    const RECORDS_NO_EVENT: bool = true;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let missing = Error::Unauthenticated(Unauthenticated::Missing);
        let session = cx.caller().principal().ok_or(missing)?.session()?;
        let user = own_account(cx).await?;
        check_has_nothing_else(cx, &user).await?;
        let code = EmailCode::generate(cx.random());
        let sealer = &cx.components().sealer;
        let sealed = sealer.seal(
            STEP_UP_CODE,
            session.uuid().as_bytes(),
            code.digits(),
            cx.random(),
        );
        let expires_at = cx.now().after(CODE_TTL);
        cx.step_up_codes()
            .replace(session, &sealed, CODE_TRIES, expires_at)
            .await?;
        let code = Secret::new(code.text());
        mail::send(cx, &user, AccountMail::StepUpCode { code })
    }
}

/// Checks that an account can prove itself by nothing but its mailbox.
async fn check_has_nothing_else(cx: &mut CommandContext<'_>, user: &User) -> Result<()> {
    if user.mfa_enabled {
        let sentence = "the account has a second factor: prove who you are with it".to_owned();
        return Err(Error::InvalidState(sentence));
    }
    let scope = cx.scope::<User>();
    match cx.credentials().find(&scope, user.id).await? {
        Some(_) => Err(Error::InvalidState(
            "the account has a password: prove who you are with it".to_owned(),
        )),
        None => Ok(()),
    }
}

/// A code that was found to be right, as it is stored.
#[derive(Debug, Clone)]
pub(super) struct MatchedMailCode {
    session: SessionId,
    sealed: Vec<u8>,
    taken: TakenTry,
}

/// Compares a code with the one that was mailed for the caller's session. Takes a try before, so that guesses at the same
/// time have no more than the tries that are left.
///
/// # Errors
/// `MFA_INVALID`, also when none was mailed, it has expired or its tries are used; `LOCKED_OUT` after too many wrong ones.
pub(super) async fn match_mail_code(
    cx: &PrepareContext<'_>,
    principal: &Principal,
    code: Option<&FactorCode>,
) -> Result<MatchedMailCode> {
    let (session, now) = (principal.session()?, cx.now());
    let taken = tries::take(cx, TryKind::StepUp, &principal.id.to_string()).await?;
    let sealed =
        cx.write(move |mut tx| Box::pin(async move { tx.step_up_codes().take_try(session, now).await }));
    let sealed = sealed.await?.ok_or_else(wrong_code)?;
    let sealer = &cx.components().sealer;
    let mailed = sealer.open(STEP_UP_CODE, session.uuid().as_bytes(), &sealed);
    let mailed = mailed.map_err(Error::internal)?;
    match code {
        Some(FactorCode::Totp(code)) if same(&mailed, code.expose().as_bytes()) => Ok(MatchedMailCode {
            session,
            sealed,
            taken,
        }),
        _ => Err(wrong_code()),
    }
}

/// Uses a code that matched: of two requests with the same code, one succeeds.
///
/// # Errors
/// `MFA_INVALID` when it was used meanwhile; `INVALID_STATE` when the account has got a password or a factor meanwhile.
pub(super) async fn use_mail_code(
    cx: &mut CommandContext<'_>,
    user: &User,
    matched: &MatchedMailCode,
) -> Result<()> {
    check_has_nothing_else(cx, user).await?;
    let now = cx.now();
    match cx
        .step_up_codes()
        .consume(matched.session, &matched.sealed, now)
        .await?
    {
        true => matched.taken.give_back(cx).await,
        false => Err(wrong_code()),
    }
}
