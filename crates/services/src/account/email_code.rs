//! Signs a user in by a code in a mail, for people who cannot follow a link.

use super::one_time::unreadable;
use super::own_address::own_address;
use super::sign_in::{SignIn, WrittenSignIn, complete_sign_in};
use super::tries::{self, TakenTry};
use crate::mail::{self, AccountMail};
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::email_code::{CODE_TRIES, CODE_TTL, EmailCode};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::id::UserId;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::tries::TryKind;
use mainstay_domain::{Error, Result};
use mainstay_engine::{
    BackgroundJob, Command, CommandContext, Components, PrepareContext, Repositories, Secret, StagedCommand,
    UseCase,
};
use mainstay_platform::crypto::same;
use mainstay_platform::limiter::{LimitKey, Quota};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

/// What codes are sealed for.
const SEALED_FOR: &str = mainstay_repositories::EMAIL_CODE;

/// Codes that one address gets, so that a mailbox cannot be flooded: as many as a person asks for who finds the first
/// mail late.
const MAILS: Quota = Quota {
    count: 5,
    period: Duration::from_mins(15),
};

/// Whether one more code may be sent to an address now. Counted on this node only: it protects no account.
fn may_mail(cx: &CommandContext<'_>, email: &Email) -> bool {
    let components = cx.components();
    let (key, now) = (LimitKey::text(email.as_str()), cx.now());
    !components.policies.limits || components.limiter.check(SEALED_FOR, MAILS, key, now).allowed
}

/// Asks for a code by mail. The answer and the work are the same whether or not there is an account: a job finds out.
#[derive(Debug, Clone)]
pub struct RequestEmailCode {
    email: Email,
}

impl RequestEmailCode {
    /// A request for a code that is sent to the address.
    pub fn new(email: Email) -> Self {
        Self { email }
    }
}

impl UseCase for RequestEmailCode {
    const NAME: &'static str = "account.request-email-code";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(10);
    const SIGNS_IN: bool = true;
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl Command for RequestEmailCode {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        cx.enqueue(&SendEmailCode { email: self.email })
    }
}

/// Makes a code for the account of an address, if there is one, and sends it. An earlier code stops working.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendEmailCode {
    email: Email,
}

impl UseCase for SendEmailCode {
    const NAME: &'static str = "account.send-email-code";
    const ACCESS: Access = Access::system();
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl BackgroundJob for SendEmailCode {
    const QUEUE: &'static str = "mail";
}

impl Command for SendEmailCode {
    /// A code changes nothing before it is used.
    const RECORDS_NO_EVENT: bool = true;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let scope = cx.scope_of(SystemCaller::SIGN_IN);
        let Some(user) = cx.users().find_by_email(&scope, &self.email).await? else {
            return Ok(());
        };
        if user.check_usable().is_err() || !may_mail(cx, &self.email) {
            return Ok(());
        }
        let (code, expires_at) = (EmailCode::generate(cx.random()), cx.now().after(CODE_TTL));
        let sealer = &cx.components().sealer;
        let sealed = sealer.seal(SEALED_FOR, user.id.uuid().as_bytes(), code.digits(), cx.random());
        cx.email_codes()
            .replace(user.id, &sealed, CODE_TRIES, expires_at)
            .await?;
        let code = Secret::new(code.text());
        mail::send(cx, &user, AccountMail::EmailCode { code })
    }
}

/// Signs in with the code that was sent to an address. A wrong address and a wrong code get the same answer.
#[derive(Debug, Clone)]
pub struct VerifyEmailCode {
    email: Email,
    code: EmailCode,
}

/// An account whose code was verified, with the code as it is stored.
#[derive(Debug, Clone)]
pub struct VerifiedCode {
    user: UserId,
    sealed: Vec<u8>,
    taken: TakenTry,
}

impl VerifyEmailCode {
    /// A sign-in with a code.
    pub fn new(email: Email, code: EmailCode) -> Self {
        Self { email, code }
    }
}

fn refused() -> Error {
    Error::Unauthenticated(Unauthenticated::Credentials)
}

impl UseCase for VerifyEmailCode {
    const NAME: &'static str = "account.verify-email-code";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(30);
    const SECRET_ANSWER: bool = true;
    const SIGNS_IN: bool = true;
    type Output = SignIn;
}

impl StagedCommand for VerifyEmailCode {
    type Prepared = VerifiedCode;
    type Written = WrittenSignIn;

    /// Takes a try before the codes are compared, so that guesses at the same time have no more than the tries that are
    /// left.
    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<VerifiedCode> {
        let email = self.email.clone();
        let found = cx.read(move |cx| {
            Box::pin(async move {
                let scope = cx.scope_of(SystemCaller::SIGN_IN);
                cx.users().find_by_email(&scope, &email).await
            })
        });
        let found = found.await?.map(|user| user.id);
        if let Some(user) = found {
            cx.concerns(user);
        }
        let taken = tries::take(cx, TryKind::EmailCode, self.email.as_str()).await?;
        // Also without an account: an unknown address takes the same statements as a known one.
        let (user, now) = (found.unwrap_or(UserId::from_uuid(Uuid::nil())), cx.now());
        let sealed =
            cx.write(move |mut tx| Box::pin(async move { tx.email_codes().take_try(user, now).await }));
        let sealed = sealed.await?.ok_or_else(refused)?;
        let sealer = &cx.components().sealer;
        let code = sealer.open(SEALED_FOR, user.uuid().as_bytes(), &sealed);
        let code = code.map_err(unreadable)?;
        match same(&code, self.code.digits()) {
            true => Ok(VerifiedCode { user, sealed, taken }),
            false => Err(refused()),
        }
    }

    async fn run(self, verified: VerifiedCode, cx: &mut CommandContext<'_>) -> Result<WrittenSignIn> {
        let now = cx.now();
        if !cx
            .email_codes()
            .consume(verified.user, &verified.sealed, now)
            .await?
        {
            return Err(refused());
        }
        verified.taken.give_back(cx).await?;
        let scope = cx.scope_of(SystemCaller::SIGN_IN);
        let user = cx.users().find(&scope, verified.user).await?;
        // The address may have changed since the code was sent to it.
        if user.email != self.email {
            return Err(refused());
        }
        let user = own_address(cx, user).await?;
        complete_sign_in(cx, user, SignInMethod::EmailCode).await
    }

    fn finish(written: WrittenSignIn, components: &Components) -> Result<SignIn> {
        written.sign(components)
    }
}
