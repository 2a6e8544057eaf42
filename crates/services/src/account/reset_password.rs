//! Sets a new password by the token of a link in a mail.

use super::address_token::{check_address, consume_link, find_link};
use super::own_address::{end_after_password, own_address};
use super::password::Password;
use super::tries;
use crate::api_key::revoke_api_keys_of;
use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::tries::TryKind;
use mainstay_domain::user::User;
use mainstay_engine::{CommandContext, PrepareContext, PreparedCommand, Repositories, Secret, UseCase};
use serde_json::json;

/// Sets a new password by the token of a link that was mailed to the account's address. Ends every session of the
/// account, revokes its API keys and its other links, confirms the address, and informs the owner by mail. Second factors stay. An
/// account without a password gets its first one in this way.
#[derive(Debug, Clone)]
pub struct ResetPassword {
    token: Secret<String>,
    password: Password,
}

impl ResetPassword {
    /// A reset with the token of a link and the new password.
    pub fn new(token: Secret<String>, password: Password) -> Self {
        Self { token, password }
    }
}

impl UseCase for ResetPassword {
    const NAME: &'static str = "account.reset-password";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(10);
    const SIGNS_IN: bool = true;
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl PreparedCommand for ResetPassword {
    /// The hash of the new password.
    type Prepared = String;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<String> {
        // Before the hash, which takes long: only for a token that was issued.
        let link = find_link(cx, TokenPurpose::ResetPassword, &self.token).await?;
        self.password.check_new(&link.user.email, &link.user.name)?;
        self.password.hash_new(cx).await
    }

    async fn run(self, hash: String, cx: &mut CommandContext<'_>) -> Result<()> {
        let (token, user) = consume_link(cx, TokenPurpose::ResetPassword, &self.token).await?;
        check_address(&token, &user)?;
        user.check_usable()?;
        let user = own_address(cx, user).await?;
        let (permit, now) = (
            cx.permit_of(SystemCaller::SIGN_IN, User::SET_PASSWORD, &user)?,
            cx.now(),
        );
        cx.credentials().set(&permit, &user, &hash, now).await?;
        end_after_password(cx, &user, None).await?;
        revoke_api_keys_of(cx, &user).await?;
        // The owner has a new password, which earlier tries did not guess at.
        tries::forgive(cx, TryKind::Password, user.email.as_str()).await?;
        cx.record(
            permit,
            DomainEvent::noted(
                "user.password-reset",
                "PASSWORD_RESET",
                &json!({"userId": user.id}),
            ),
        );
        let request = RequestFacts::of(cx);
        mail::send(cx, &user, AccountMail::PasswordChanged { request })
    }
}
