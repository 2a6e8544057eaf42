//! Disables an authenticator app.

use super::super::second_factor::follow_factors;
use super::super::step_up::require_step_up;
use super::own_account;
use crate::ShopRepositories;
use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, UseCase};

/// Removes the caller's authenticator app, after a step-up. Without another factor, the recovery codes go with it. Where
/// the role requires a second factor, the caller's sessions may then do nothing but set up another one.
#[derive(Debug, Clone)]
pub struct DisableTotp;

impl UseCase for DisableTotp {
    const NAME: &'static str = "account.disable-totp";
    const ACCESS: Access = Access::session();
    const RATE: Rate = Rate::per_minute(20);
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl Command for DisableTotp {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        require_step_up(cx).await?;
        let user = own_account(cx).await?;
        let (permit, scope) = (cx.permit(User::DISABLE_FACTOR, &user)?, cx.scope::<User>());
        let factor = cx.totp_factors().find(&scope, user.id).await?;
        if factor.is_none_or(|factor| factor.confirmed_at.is_none()) {
            return Err(Error::InvalidState("no authenticator app is enabled".to_owned()));
        }
        cx.totp_factors().delete(&permit, &user).await?;
        let after = follow_factors(cx, &permit, &user).await?;
        cx.record(
            permit,
            DomainEvent::acted("user.mfa-disabled", "DISABLE_MFA", &user, &after),
        );
        let request = RequestFacts::of(cx);
        mail::send(cx, &after, AccountMail::MfaDisabled { request })
    }
}
