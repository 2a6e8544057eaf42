//! Registers an account.

use super::one_time::{NewToken, issue};
use super::opening::open_session;
use super::password::Password;
use super::tokens::{OpenedSession, Tokens};
use crate::mail::{self, AccountMail};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate, RoleName};
use mainstay_domain::email::Email;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::name::PersonName;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::user::{NewUser, User, UserStatus};
use mainstay_domain::validation::ValidationErrors;
use mainstay_engine::{
    CommandContext, Components, PrepareContext, Repositories, Secret, StagedCommand, UseCase,
};

/// Creates a customer's account and signs its owner in.
#[derive(Debug, Clone)]
pub struct Register {
    email: Email,
    password: Password,
    name: PersonName,
}

impl Register {
    /// A registration with values that the domain has validated.
    pub fn new(email: Email, password: Password, name: PersonName) -> Self {
        Self {
            email,
            password,
            name,
        }
    }
}

impl UseCase for Register {
    const NAME: &'static str = "account.register";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(20);
    const SECRET_ANSWER: bool = true;
    const SIGNS_IN: bool = true;
    type Output = Tokens;

    fn validate(&self) -> Result<(), ValidationErrors> {
        self.password.check_new(&self.email, &self.name)
    }
}

impl StagedCommand for Register {
    /// The hash of the password.
    type Prepared = String;
    type Written = OpenedSession;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<String> {
        self.password.hash_new(cx).await
    }

    async fn run(self, hash: String, cx: &mut CommandContext<'_>) -> Result<OpenedSession> {
        let new = NewUser {
            email: self.email,
            name: self.name,
            role: RoleName::customer(),
            status: UserStatus::Active,
            email_verified: false,
            locale: cx.context().origin.locale,
        };
        let (now, user) = (cx.now(), User::new(cx.make_id(), new, cx.now()));
        let permit = cx.permit(User::REGISTER, &user)?;
        cx.users().insert(&permit, &user).await?;
        cx.credentials().set(&permit, &user, &hash, now).await?;
        cx.record(permit, DomainEvent::created("user.registered", &user));
        send_verification(cx, &user).await?;
        open_session(cx, user, SignInMethod::Registration).await
    }

    fn finish(written: OpenedSession, components: &Components) -> Result<Tokens> {
        written.sign(components)
    }
}

/// Mails the link that confirms the account's address.
async fn send_verification(cx: &mut CommandContext<'_>, user: &User) -> Result<()> {
    let token = issue(cx, NewToken::of(TokenPurpose::VerifyEmail, user.id)).await?;
    let token = Secret::new(token.text().to_owned());
    mail::send(cx, user, AccountMail::VerifyEmail { token })
}
