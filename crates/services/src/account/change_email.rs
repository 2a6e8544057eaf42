//! Requests another address for the caller's account.

use super::forgot_password::mail_reset_link;
use super::limits::may_mail;
use super::one_time::{NewToken, issue};
use super::own_password::{VerifiedPassword, verify_own};
use super::password::Password;
use super::step_up::require_step_up;
use crate::mail::{self, AccountMail, Recipient, RequestFacts};
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::UserId;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::user::User;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_engine::{
    BackgroundJob, Command, CommandContext, PrepareContext, PreparedCommand, Repositories, Secret, UseCase,
};
use mainstay_platform::database::Isolation;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Requests another address for the caller's account. It takes effect when it is confirmed by the link that is mailed
/// there; the present address is informed. Whether the new address has an account already decides a job, so neither the
/// answer nor its duration reveals it.
#[derive(Debug, Clone)]
pub struct ChangeEmail {
    email: Email,
    password: Option<Password>,
}

impl ChangeEmail {
    /// A request for another address, with the caller's password, or without it after a step-up. An account with a
    /// second factor needs the step-up in any case.
    pub fn new(email: Email, password: Option<Password>) -> Self {
        Self { email, password }
    }
}

impl UseCase for ChangeEmail {
    const NAME: &'static str = "account.change-email";
    const ACCESS: Access = Access::session();
    const RATE: Rate = Rate::per_minute(10);
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl PreparedCommand for ChangeEmail {
    type Prepared = Option<VerifiedPassword>;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<Option<VerifiedPassword>> {
        match &self.password {
            Some(password) => Ok(Some(verify_own(cx, password).await?.1)),
            None => Ok(None),
        }
    }

    async fn run(self, verified: Option<VerifiedPassword>, cx: &mut CommandContext<'_>) -> Result<()> {
        let (id, scope) = (cx.user()?, cx.scope::<User>());
        let user = cx.users().find(&scope, id).await?;
        match verified {
            Some(verified) => verified.confirm(cx, &user).await?,
            None => require_step_up(cx).await?,
        }
        if user.mfa_enabled {
            require_step_up(cx).await?;
        }
        if user.email == self.email {
            let same = "is the address that the account has";
            return Err(ValidationErrors::one("email", "FORMAT", same).into());
        }
        let permit = cx.permit(User::SEND_LINK, &user)?;
        let request = RequestFacts::of(cx);
        cx.enqueue(&SendChangeLink {
            user: id,
            email: self.email,
            request,
        })?;
        let facts = json!({"purpose": TokenPurpose::ChangeEmail});
        cx.record(
            permit,
            DomainEvent::noted("user.email-change-requested", "EMAIL_CHANGE_REQUESTED", &facts),
        );
        Ok(())
    }
}

/// Mails the link that confirms a new address to it, and informs the present one; or, where the new address has an
/// account, informs its owner.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendChangeLink {
    user: UserId,
    email: Email,
    request: RequestFacts,
}

impl UseCase for SendChangeLink {
    const NAME: &'static str = "account.send-change-link";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl BackgroundJob for SendChangeLink {
    const QUEUE: &'static str = "mail";
}

impl Command for SendChangeLink {
    /// Two jobs at once must not send more mails than allowed.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let scope = cx.scope_of::<User>(SystemCaller::WORKER);
        if let Some(owner) = cx.users().find_by_email(&scope, &self.email).await? {
            return mail_reset_link(cx, &owner, |token| AccountMail::AccountExists { token }).await;
        }
        let user = match cx.users().find(&scope, self.user).await {
            Ok(user) => user,
            Err(Error::NotFound) => return Ok(()),
            Err(error) => return Err(error),
        };
        if !may_mail(cx, &user, TokenPurpose::ChangeEmail).await? {
            return Ok(());
        }
        let permit = cx.permit_of(SystemCaller::WORKER, User::SEND_LINK, &user)?;
        let new = NewToken {
            payload: Some(self.email.as_str().to_owned()),
            ..NewToken::of(TokenPurpose::ChangeEmail, user.id)
        };
        let token = issue(cx, new).await?;
        let token = Secret::new(token.text().to_owned());
        let to = Recipient::at(self.email.clone(), &user);
        mail::send(cx, to, AccountMail::ChangeEmail { token })?;
        let notice = AccountMail::EmailChangeRequested {
            new: self.email,
            request: self.request,
        };
        mail::send(cx, &user, notice)?;
        let facts = json!({"purpose": TokenPurpose::ChangeEmail});
        cx.record(permit, DomainEvent::noted("user.link-sent", "LINK_SENT", &facts));
        Ok(())
    }
}
