//! Enables an authenticator app.

use super::super::end_sessions::end_sessions_of;
use super::super::second_factor::follow_factors;
use super::super::totp_secret::open_secret;
use super::code::{FactorCode, wrong_code};
use super::own_account;
use super::recovery_codes::{RecoveryCodeList, renew};
use crate::ShopRepositories;
use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::access::{Access, Principal, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, UseCase};

/// Confirms the caller's authenticator app with one of its codes, which cannot be used again. From then on, sign-in asks
/// for a second factor. Answers new recovery codes.
///
/// Where the role requires a second factor, the account's other sessions end: they were opened without one, and would be
/// limited no longer.
#[derive(Debug, Clone)]
pub struct EnableTotp {
    code: Option<FactorCode>,
}

impl EnableTotp {
    /// A confirmation with a code; `None` for a text that is no code.
    pub fn new(code: Option<FactorCode>) -> Self {
        Self { code }
    }
}

impl UseCase for EnableTotp {
    const NAME: &'static str = "account.enable-totp";
    const ACCESS: Access = Access::enrolling();
    const RATE: Rate = Rate::per_minute(20);
    const SECRET_ANSWER: bool = true;
    type Output = RecoveryCodeList;
}

impl Command for EnableTotp {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<RecoveryCodeList> {
        let (user, now) = (own_account(cx).await?, cx.now());
        let scope = cx.scope::<User>();
        let factor = cx.totp_factors().find(&scope, user.id).await?;
        let factor = factor.filter(|factor| factor.confirmed_at.is_none());
        let sealed = factor.ok_or_else(not_set_up)?.sealed;
        let Some(FactorCode::Totp(code)) = &self.code else {
            return Err(wrong_code());
        };
        let secret = open_secret(&cx.components().sealer, user.id, &sealed)?;
        let step = secret.matching_step(code.expose(), now).ok_or_else(wrong_code)?;
        let permit = cx.permit(User::ENABLE_FACTOR, &user)?;
        if !cx
            .totp_factors()
            .confirm(&permit, &user, (&sealed, step), now)
            .await?
        {
            return Err(not_set_up());
        }
        let codes = renew(cx, &permit, &user).await?;
        let after = follow_factors(cx, &permit, &user).await?;
        if !user.mfa_enabled && cx.components().directory.requires_factor(&user.role) {
            let present = cx.caller().principal().map(Principal::session).transpose()?;
            end_sessions_of(cx, &after, present).await?;
        }
        cx.record(
            permit,
            DomainEvent::acted("user.mfa-enabled", "ENABLE_MFA", &user, &after),
        );
        let request = RequestFacts::of(cx);
        mail::send(cx, &after, AccountMail::MfaEnabled { request })?;
        Ok(codes)
    }
}

fn not_set_up() -> Error {
    Error::InvalidState("no authenticator app waits for its code: set one up first".to_owned())
}
