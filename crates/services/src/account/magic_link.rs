//! Signs a user in by a link in a mail.

use super::browser_secret::{BrowserBinding, BrowserSecret};
use super::limits::may_mail;
use super::one_time::{NewToken, consume, issue};
use super::own_address::own_address;
use super::sign_in::{SignIn, WrittenSignIn, complete_sign_in};
use super::tries::{self, TakenTry};
use crate::mail::{self, AccountMail};
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::one_time_token::{OneTimeToken, TokenPurpose};
use mainstay_domain::session::SignInMethod;
use mainstay_domain::tries::TryKind;
use mainstay_domain::{Error, Result};
use mainstay_engine::{
    BackgroundJob, Command, CommandContext, Components, PrepareContext, Repositories, Secret, StagedCommand,
    UseCase,
};
use mainstay_platform::crypto::opaque::OpaqueToken;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Asks for a link by mail. The answer and the work are the same whether or not there is an account: a job finds out.
#[derive(Debug, Clone)]
pub struct RequestMagicLink {
    email: Email,
    browser: Option<Secret<String>>,
}

impl RequestMagicLink {
    /// A request by a browser, with the secret that it keeps from an earlier request.
    pub fn new(email: Email, browser: Option<Secret<String>>) -> Self {
        Self { email, browser }
    }
}

impl UseCase for RequestMagicLink {
    const NAME: &'static str = "account.request-magic-link";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(10);
    const SECRET_ANSWER: bool = true;
    const SIGNS_IN: bool = true;
    const IDEMPOTENT: bool = false;
    type Output = BrowserBinding;
}

impl Command for RequestMagicLink {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<BrowserBinding> {
        let browser = BrowserSecret::of(self.browser.as_ref(), cx.random());
        cx.enqueue(&SendMagicLink {
            email: self.email,
            browser: browser.digest(),
        })?;
        Ok(BrowserBinding {
            secret: browser.text(),
            until: cx.now().after(TokenPurpose::MagicLink.ttl()),
        })
    }
}

/// Issues a link for the account of an address, if there is one, and sends it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendMagicLink {
    email: Email,
    /// The digest of the secret of the browser that asked.
    browser: [u8; 32],
}

impl UseCase for SendMagicLink {
    const NAME: &'static str = "account.send-magic-link";
    const ACCESS: Access = Access::system();
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl BackgroundJob for SendMagicLink {
    const QUEUE: &'static str = "mail";
}

impl Command for SendMagicLink {
    /// A link changes nothing before it is used.
    const RECORDS_NO_EVENT: bool = true;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let scope = cx.scope_of(SystemCaller::SIGN_IN);
        let Some(user) = cx.users().find_by_email(&scope, &self.email).await? else {
            return Ok(());
        };
        if user.check_usable().is_err() || !may_mail(cx, &user, TokenPurpose::MagicLink).await? {
            return Ok(());
        }
        let new = NewToken {
            payload: Some(self.email.as_str().to_owned()),
            browser: Some(&self.browser),
            ..NewToken::of(TokenPurpose::MagicLink, user.id)
        };
        let token = Secret::new(issue(cx, new).await?.text().to_owned());
        mail::send(cx, &user, AccountMail::MagicLink { token })
    }
}

/// Signs in with the token of a link. In another browser than the one that asked, the user confirms that they asked:
/// otherwise an attacker asks for a link on a victim's address and waits for the victim to sign in for them.
#[derive(Clone)]
pub struct VerifyMagicLink {
    token: Secret<String>,
    browser: Option<Secret<String>>,
    confirmed: bool,
}

impl VerifyMagicLink {
    /// A sign-in with a token, the secret that the browser keeps, and whether the user confirmed that they asked.
    pub fn new(token: Secret<String>, browser: Option<Secret<String>>, confirmed: bool) -> Self {
        Self {
            token,
            browser,
            confirmed,
        }
    }

    fn is_from_the_browser_of_the_request(&self, token: &OneTimeToken) -> bool {
        BrowserSecret::presented(self.browser.as_ref()).is_ok_and(|browser| browser.owns(token))
    }
}

impl fmt::Debug for VerifyMagicLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyMagicLink(confirmed: {})", self.confirmed)
    }
}

impl UseCase for VerifyMagicLink {
    const NAME: &'static str = "account.verify-magic-link";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(30);
    const SECRET_ANSWER: bool = true;
    const SIGNS_IN: bool = true;
    type Output = SignIn;
}

impl StagedCommand for VerifyMagicLink {
    type Prepared = TakenTry;
    type Written = WrittenSignIn;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<TakenTry> {
        tries::take(cx, TryKind::Token, "").await
    }

    async fn run(self, taken: TakenTry, cx: &mut CommandContext<'_>) -> Result<WrittenSignIn> {
        let invalid = || Error::Unauthenticated(Unauthenticated::Invalid);
        let (purpose, now) = (TokenPurpose::MagicLink, cx.now());
        let presented = OpaqueToken::parse(purpose.prefix(), self.token.expose()).ok_or_else(invalid)?;
        let digest = presented.digest();
        let found = cx.one_time_tokens().find(purpose, digest.as_bytes(), now).await?;
        let found = found.ok_or_else(invalid)?;
        if !self.confirmed && !self.is_from_the_browser_of_the_request(&found) {
            return Err(Error::InvalidState(
                "the link was requested in another browser: confirm that you asked for it".to_owned(),
            ));
        }
        let token = consume(cx, purpose, self.token.expose()).await?;
        taken.give_back(cx).await?;
        let scope = cx.scope_of(SystemCaller::SIGN_IN);
        let user = cx
            .users()
            .find(&scope, token.user_id.ok_or_else(invalid)?)
            .await?;
        // The address may have changed since the link was sent to it.
        if token.payload.as_deref() != Some(user.email.as_str()) {
            return Err(invalid());
        }
        let user = own_address(cx, user).await?;
        complete_sign_in(cx, user, SignInMethod::MagicLink).await
    }

    fn finish(written: WrittenSignIn, components: &Components) -> Result<SignIn> {
        written.sign(components)
    }
}
