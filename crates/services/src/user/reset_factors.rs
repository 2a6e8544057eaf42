//! Resets the second factors of an account.

use crate::access::check_rank;
use crate::account::{end_sessions_of, require_step_up, reset_factors};
use crate::mail::{self, AccountMail};
use mainstay_domain::access::{Access, Permission, Principal, Rate};
use mainstay_domain::id::UserId;
use mainstay_domain::security::SecurityEventKind;
use mainstay_domain::state::ExpectedVersion;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{ById, Command, CommandContext, Repositories, UseCase};

/// Removes every second factor of another account, whose user has lost them and proved by other means who they are. Ends
/// the sessions of the account and informs its user by mail; needs a step-up of the caller; a security event is recorded, besides the audit entry that
/// names the caller.
#[derive(Debug, Clone)]
pub struct ResetUserFactors {
    /// The account whose second factors are removed.
    pub id: UserId,
}

impl UseCase for ResetUserFactors {
    const NAME: &'static str = "user.reset-factors";
    const ACCESS: Access = Access::permission(Permission::UPDATE_USER);
    const RATE: Rate = Rate::per_minute(20);
    type Output = ();
}

impl ById for ResetUserFactors {
    type Id = UserId;

    fn by_id(id: UserId, _expected: ExpectedVersion) -> Self {
        Self { id }
    }
}

impl Command for ResetUserFactors {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        // A stolen API key must not open accounts to a stolen password.
        cx.caller().principal().map(Principal::session).transpose()?;
        require_step_up(cx).await?;
        let scope = cx.scope_to(User::RESET_FACTORS);
        let user = cx.users().find(&scope, self.id).await?;
        check_rank(cx, &user).await?;
        if cx.caller().user_id() == Some(user.id) {
            // One's own factors are changed after a step-up only.
            let sentence = "another administrator has to reset your second factors".to_owned();
            return Err(Error::Conflict(sentence));
        }
        if !user.mfa_enabled {
            return Err(Error::InvalidState("the account has no second factor".to_owned()));
        }
        let after = reset_factors(cx, &user).await?;
        end_sessions_of(cx, &after, None).await?;
        cx.suspected(SecurityEventKind::MfaReset, after.id, Self::NAME);
        let at = cx.now();
        mail::send(cx, &after, AccountMail::MfaReset { at })
    }
}
