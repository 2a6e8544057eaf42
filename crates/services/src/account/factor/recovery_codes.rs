//! New recovery codes.

use super::super::spelled_list;
use super::super::step_up::require_step_up;
use super::own_account;
use crate::ShopRepositories;
use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::access::{Access, Permit, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, UseCase};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::recovery_code::RecoveryCode;
use mainstay_platform::database::Isolation;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How many recovery codes an account gets.
const COUNT: usize = 10;

/// Recovery codes, shown once: only their digests are stored. Its `Debug` output hides them; dropping wipes them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecoveryCodeList(#[serde(with = "spelled_list")] pub Vec<Secret<String>>);

/// Replaces the caller's recovery codes, after a step-up. The earlier ones stop working.
#[derive(Debug, Clone)]
pub struct RenewRecoveryCodes;

impl UseCase for RenewRecoveryCodes {
    const NAME: &'static str = "account.renew-recovery-codes";
    const ACCESS: Access = Access::session();
    const RATE: Rate = Rate::per_minute(20);
    const SECRET_ANSWER: bool = true;
    type Output = RecoveryCodeList;
}

impl Command for RenewRecoveryCodes {
    /// Of two requests at once, only the codes of one stay.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<RecoveryCodeList> {
        require_step_up(cx).await?;
        let user = own_account(cx).await?;
        if !user.mfa_enabled {
            return Err(Error::InvalidState("no second factor is enabled".to_owned()));
        }
        let permit = cx.permit(User::RENEW_RECOVERY_CODES, &user)?;
        let codes = renew(cx, &permit, &user).await?;
        let event = DomainEvent::noted("user.recovery-codes-renewed", "RENEW_RECOVERY_CODES", &json!({}));
        cx.record(permit, event);
        let request = RequestFacts::of(cx);
        mail::send(cx, &user, AccountMail::RecoveryCodesRenewed { request })?;
        Ok(codes)
    }
}

/// Replaces the recovery codes of an account.
pub(in crate::account) async fn renew(
    cx: &mut CommandContext<'_>,
    permit: &Permit<User>,
    user: &User,
) -> Result<RecoveryCodeList> {
    let codes: Vec<_> = (0..COUNT).map(|_| RecoveryCode::generate(cx.random())).collect();
    let digests: Vec<_> = codes.iter().map(|code| *code.digest().as_bytes()).collect();
    let now = cx.now();
    cx.recovery_codes().replace(permit, user, &digests, now).await?;
    let texts = codes.iter().map(|code| Secret::new(code.text().to_string()));
    Ok(RecoveryCodeList(texts.collect()))
}
