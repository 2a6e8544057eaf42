//! Requests a link that sets a new password.

use super::limits::may_mail;
use super::own_address::issue_to_address;
use crate::mail::{self, AccountMail};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::user::{User, UserStatus};
use mainstay_engine::{BackgroundJob, Command, CommandContext, Repositories, UseCase};
use mainstay_platform::database::Isolation;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Requests a link that sets a new password for the account of an address. Whether there is one decides a job: the
/// request does the same work in either case, so neither its answer nor its duration reveals it (OWASP, Forgot
/// Password Cheat Sheet).
#[derive(Debug, Clone)]
pub struct ForgotPassword {
    email: Email,
}

impl ForgotPassword {
    /// A request for the account of an address.
    pub fn new(email: Email) -> Self {
        Self { email }
    }
}

impl UseCase for ForgotPassword {
    const NAME: &'static str = "account.forgot-password";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(10);
    const SIGNS_IN: bool = true;
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl Command for ForgotPassword {
    /// Nothing has happened to any account yet: the job records what it does.
    const RECORDS_NO_EVENT: bool = true;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        cx.enqueue(&SendResetLink { email: self.email })
    }
}

/// Mails the link that sets a new password, if the address has an account that may be used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendResetLink {
    email: Email,
}

impl UseCase for SendResetLink {
    const NAME: &'static str = "account.send-reset-link";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl BackgroundJob for SendResetLink {
    const QUEUE: &'static str = "mail";
}

impl Command for SendResetLink {
    /// Two jobs at once must not send more mails than allowed.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let scope = cx.scope_of::<User>(SystemCaller::WORKER);
        let Some(user) = cx.users().find_by_email(&scope, &self.email).await? else {
            return Ok(());
        };
        mail_reset_link(cx, &user, |token| AccountMail::ResetPassword { token }).await
    }
}

/// Mails a link that sets a new password, unless the account got too many, is disabled, or was not accepted by its invited
/// user yet: the link of the invitation alone makes it usable.
pub(super) async fn mail_reset_link(
    cx: &mut CommandContext<'_>,
    user: &User,
    mail: impl FnOnce(mainstay_engine::Secret<String>) -> AccountMail,
) -> Result<()> {
    let purpose = TokenPurpose::ResetPassword;
    if user.status != UserStatus::Active || !may_mail(cx, user, purpose).await? {
        return Ok(());
    }
    let permit = cx.permit_of(SystemCaller::WORKER, User::SEND_LINK, user)?;
    let token = issue_to_address(cx, purpose, user).await?;
    mail::send(cx, user, mail(token))?;
    let facts = json!({"purpose": purpose});
    cx.record(permit, DomainEvent::noted("user.link-sent", "LINK_SENT", &facts));
    Ok(())
}
