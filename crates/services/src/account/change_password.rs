//! Changes the caller's password.

use super::own_address::end_after_password;
use super::own_password::{VerifiedPassword, verify_own};
use super::password::Password;
use super::second_factor::second_factors;
use super::step_up::require_step_up;
use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Principal, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::user::User;
use mainstay_engine::{CommandContext, PrepareContext, PreparedCommand, Repositories, UseCase};
use serde_json::json;

/// Changes the caller's password; where the account has second factors, only after a step-up. Ends the other sessions of the account, revokes its links in mails, and informs the
/// owner by mail. An account without a password gets one by [`ResetPassword`](super::ResetPassword).
#[derive(Debug, Clone)]
pub struct ChangePassword {
    current: Password,
    new: Password,
}

/// A current password that was verified, and the hash of the new one.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    verified: VerifiedPassword,
    new: String,
}

impl ChangePassword {
    /// A change from the current password to a new one.
    pub fn new(current: Password, new: Password) -> Self {
        Self { current, new }
    }
}

impl UseCase for ChangePassword {
    const NAME: &'static str = "account.change-password";
    const ACCESS: Access = Access::session();
    const RATE: Rate = Rate::per_minute(10);
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl PreparedCommand for ChangePassword {
    type Prepared = PasswordChange;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<PasswordChange> {
        let (user, verified) = verify_own(cx, &self.current).await?;
        self.new.check_new_at("newPassword", &user.email, &user.name)?;
        let new = self.new.hash_new_at("newPassword", cx).await?;
        Ok(PasswordChange { verified, new })
    }

    async fn run(self, change: PasswordChange, cx: &mut CommandContext<'_>) -> Result<()> {
        let (id, scope) = (cx.user()?, cx.scope::<User>());
        let user = cx.users().find(&scope, id).await?;
        change.verified.confirm(cx, &user).await?;
        if !second_factors(cx, &user).await?.is_empty() {
            require_step_up(cx).await?;
        }
        let (permit, now) = (cx.permit(User::SET_PASSWORD, &user)?, cx.now());
        cx.credentials().set(&permit, &user, &change.new, now).await?;
        let session = cx.caller().principal().map(Principal::session).transpose()?;
        end_after_password(cx, &user, session).await?;
        cx.record(
            permit,
            DomainEvent::noted(
                "user.password-changed",
                "PASSWORD_CHANGED",
                &json!({"userId": user.id}),
            ),
        );
        let request = RequestFacts::of(cx);
        mail::send(cx, &user, AccountMail::PasswordChanged { request })
    }
}
