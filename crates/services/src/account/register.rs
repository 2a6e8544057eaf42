//! Registers an account.

use super::create_account::{CreateAccount, Registration, new_customer};
use super::opening::open_session;
use super::own_address::send_verification;
use super::password::Password;
use super::tokens::{OpenedSession, Tokens};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Caller, Rate};
use mainstay_domain::email::Email;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::name::PersonName;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::user::User;
use mainstay_domain::validation::ValidationErrors;
use mainstay_engine::{
    CommandContext, Components, PrepareContext, Repositories, Secret, StagedCommand, UseCase,
};
use serde::{Deserialize, Serialize};

/// Creates a customer's account, and mails the link that confirms its address. Where accounts may be used before that,
/// the owner is signed in; a taken address is a conflict. Where the address has to be confirmed first
/// (`VERIFY_EMAIL=required`), a job creates the account, or informs the owner of a taken address: the request does the
/// same work in either case, so neither its answer nor its duration reveals whether the address has an account.
#[derive(Debug, Clone)]
pub struct Register {
    email: Email,
    password: Password,
    name: PersonName,
}

/// The answer to a registration.
#[derive(Debug, Clone)]
pub enum Registered {
    /// The account was created and is signed in.
    SignedIn(Box<Tokens>),
    /// A mail is on its way.
    MailSent,
}

/// A [`Registered`] whose tokens are yet to be signed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum WrittenRegistration {
    /// A session was opened.
    Opened(Box<OpenedSession>),
    /// As [`Registered::MailSent`].
    MailSent,
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
    type Output = Registered;

    fn validate(&self) -> Result<(), ValidationErrors> {
        self.password.check_new(&self.email, &self.name)
    }
}

impl StagedCommand for Register {
    /// The hash of the password.
    type Prepared = String;
    type Written = WrittenRegistration;
    /// Where a job creates the account, the job records it.
    const RECORDS_NO_EVENT: bool = true;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<String> {
        self.password.hash_new(cx).await
    }

    async fn run(self, hash: String, cx: &mut CommandContext<'_>) -> Result<WrittenRegistration> {
        let registration = Registration {
            email: self.email,
            name: self.name,
            hash: Secret::new(hash),
            locale: cx.context().origin.locale,
        };
        // Mainstay itself registers the customer of the demo data, whose mail has no reader.
        let is_confirmed = matches!(cx.caller(), Caller::System(_));
        if cx.components().policies.confirm_email_first && !is_confirmed {
            let job = CreateAccount::seal(cx, &registration)?;
            cx.enqueue(&job)?;
            return Ok(WrittenRegistration::MailSent);
        }
        let user = new_customer(cx, cx.make_id(), &registration, is_confirmed);
        let (permit, now) = (cx.permit(User::REGISTER, &user)?, cx.now());
        let hash = registration.hash.expose();
        cx.users().insert(&permit, &user).await?;
        cx.credentials().set(&permit, &user, hash, now).await?;
        cx.record(permit, DomainEvent::created("user.registered", &user));
        if !is_confirmed {
            send_verification(cx, &user).await?;
        }
        let opened = open_session(cx, user, SignInMethod::Registration).await?;
        Ok(WrittenRegistration::Opened(Box::new(opened)))
    }

    fn finish(written: WrittenRegistration, components: &Components) -> Result<Registered> {
        match written {
            WrittenRegistration::Opened(session) => {
                Ok(Registered::SignedIn(Box::new(session.sign(components)?)))
            }
            WrittenRegistration::MailSent => Ok(Registered::MailSent),
        }
    }
}
