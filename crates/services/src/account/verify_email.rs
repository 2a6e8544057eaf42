//! Confirms an address by the token of a link in a mail.

use super::address_token::{check_address, consume_link, find_link, invalid};
use super::own_address::{confirm_address, issue_to_address, note_access, own_address};
use super::own_password::{VerifiedPassword, verify_for};
use super::password::Password;
use crate::mail::{self, AccountMail, Recipient, RequestFacts};
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::one_time_token::{OneTimeToken, TokenPurpose};
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, PrepareContext, PreparedCommand, Repositories, Secret, UseCase};
use serde::{Deserialize, Serialize};

/// Confirms the address of an account, or its new address, by the token of a link that was mailed there.
///
/// The token proves that the client reads the mail of the address, but not that it is the client that registered the
/// account or requested the change. That is proved by a session of the account or by its password. Without such a
/// proof, an account whose address was never confirmed loses its password and its sessions, and a link for a new
/// password is mailed; a new address is not taken over at all.
#[derive(Debug, Clone)]
pub struct VerifyEmail {
    token: Secret<String>,
    password: Option<Password>,
}

/// The outcome of a confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedEmail {
    /// The confirmed address.
    pub email: Email,
    /// Whether the password that the account had was removed, and a link for a new one was mailed.
    pub password_removed: bool,
}

impl VerifyEmail {
    /// A confirmation with the token of a link, and with the account's password where the client is not signed in.
    pub fn new(token: Secret<String>, password: Option<Password>) -> Self {
        Self { token, password }
    }

    /// What the token is for, by its prefix.
    fn purpose(&self) -> Result<TokenPurpose> {
        let purposes = [TokenPurpose::VerifyEmail, TokenPurpose::ChangeEmail];
        let named = purposes
            .into_iter()
            .find(|purpose| self.token.expose().starts_with(purpose.prefix()));
        named.ok_or_else(invalid)
    }
}

impl UseCase for VerifyEmail {
    const NAME: &'static str = "account.verify-email";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(20);
    const IDEMPOTENT: bool = false;
    type Output = ConfirmedEmail;
}

impl PreparedCommand for VerifyEmail {
    type Prepared = Option<VerifiedPassword>;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<Option<VerifiedPassword>> {
        let Some(password) = &self.password else {
            return Ok(None);
        };
        let link = find_link(cx, self.purpose()?, &self.token).await?;
        let verified = verify_for(cx, (link.user.id, link.hash), password).await?;
        Ok(Some(verified))
    }

    async fn run(
        self,
        verified: Option<VerifiedPassword>,
        cx: &mut CommandContext<'_>,
    ) -> Result<ConfirmedEmail> {
        let purpose = self.purpose()?;
        let (token, user) = consume_link(cx, purpose, &self.token).await?;
        user.check_usable()?;
        let mut is_proved = cx.caller().user_id() == Some(user.id);
        if let Some(verified) = verified {
            verified.confirm(cx, &user).await?;
            is_proved = true;
        }
        match purpose {
            TokenPurpose::ChangeEmail if is_proved => change(cx, &token, user).await,
            TokenPurpose::ChangeEmail => Err(Error::Unauthenticated(Unauthenticated::Missing)),
            _ => verify(cx, &token, user, is_proved).await,
        }
    }
}

async fn verify(
    cx: &mut CommandContext<'_>,
    token: &OneTimeToken,
    user: User,
    is_proved: bool,
) -> Result<ConfirmedEmail> {
    check_address(token, &user)?;
    if user.email_verified {
        return Err(invalid());
    }
    if is_proved {
        let user = confirm_address(cx, user).await?;
        return Ok(confirmed(user, false));
    }
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let password_removed = cx.credentials().find(&scope, user.id).await?.is_some();
    let user = own_address(cx, user).await?;
    if password_removed {
        let token = issue_to_address(cx, TokenPurpose::ResetPassword, &user).await?;
        mail::send(cx, &user, AccountMail::PasswordRemoved { token })?;
    }
    Ok(confirmed(user, password_removed))
}

/// Gives the account its new address, and informs the former one.
async fn change(cx: &mut CommandContext<'_>, token: &OneTimeToken, before: User) -> Result<ConfirmedEmail> {
    let email = Email::stored(token.payload.clone().ok_or_else(invalid)?);
    let after = User {
        email: email.clone(),
        email_verified: true,
        ..before.clone()
    };
    let after = after.touched(cx.now());
    let permit = cx.permit_of(SystemCaller::SIGN_IN, User::CONFIRM_EMAIL, &before)?;
    cx.users().save(&permit, &after).await?;
    cx.one_time_tokens().revoke_every_of(after.id).await?;
    cx.record(
        permit,
        DomainEvent::updated("user.email-changed", &before, &after),
    );
    note_access(cx, after.id).await?;
    let request = RequestFacts::of(cx);
    mail::send(
        cx,
        Recipient::from(&before),
        AccountMail::EmailChanged { new: email, request },
    )?;
    Ok(confirmed(after, false))
}

fn confirmed(user: User, password_removed: bool) -> ConfirmedEmail {
    ConfirmedEmail {
        email: user.email,
        password_removed,
    }
}
