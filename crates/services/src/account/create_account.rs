//! Creates an account whose registration was answered already.

use super::forgot_password::mail_reset_link;
use super::own_address::send_verification;
use crate::mail::AccountMail;
use crate::spelled;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, RoleName, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::UserId;
use mainstay_domain::locale::Locale;
use mainstay_domain::name::PersonName;
use mainstay_domain::user::{NewUser, User, UserStatus};
use mainstay_engine::job::SealedPayload;
use mainstay_engine::{BackgroundJob, Command, CommandContext, Repositories, Secret, UseCase};
use mainstay_platform::database::Isolation;
use serde::{Deserialize, Serialize};

/// Creates an account and mails the link that confirms its address; or, where the address has an account, informs its
/// owner. The registration is sealed in the payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateAccount {
    /// With the id of the new account.
    #[serde(flatten)]
    payload: SealedPayload,
}

/// A registration whose values were validated and whose password is hashed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Registration {
    pub(super) email: Email,
    pub(super) name: PersonName,
    #[serde(with = "spelled")]
    pub(super) hash: Secret<String>,
    pub(super) locale: Locale,
}

impl CreateAccount {
    /// The job for a registration.
    pub(super) fn seal(cx: &CommandContext<'_>, registration: &Registration) -> Result<Self> {
        let id: UserId = cx.make_id();
        let sealer = &cx.components().sealer;
        let payload = SealedPayload::seal::<Self>(id.uuid(), registration, sealer, cx.random())?;
        Ok(Self { payload })
    }
}

impl UseCase for CreateAccount {
    const NAME: &'static str = "account.create";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl BackgroundJob for CreateAccount {
    const QUEUE: &'static str = "mail";
}

impl Command for CreateAccount {
    /// Two jobs at once must not send more mails than allowed.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let registration: Registration = self.payload.open::<Self, _>(&cx.components().sealer)?;
        let scope = cx.scope_of::<User>(SystemCaller::WORKER);
        if let Some(owner) = cx.users().find_by_email(&scope, &registration.email).await? {
            return mail_reset_link(cx, &owner, |token| AccountMail::AccountExists { token }).await;
        }
        let id = UserId::from_uuid(self.payload.id());
        let user = new_customer(cx, id, &registration, false);
        let permit = cx.permit_of(SystemCaller::WORKER, User::REGISTER, &user)?;
        let (hash, now) = (registration.hash.expose(), cx.now());
        cx.users().insert(&permit, &user).await?;
        cx.credentials().set(&permit, &user, hash, now).await?;
        cx.record(permit, DomainEvent::created("user.registered", &user));
        send_verification(cx, &user).await
    }
}

/// The account of a registration: a customer's.
pub(super) fn new_customer(
    cx: &CommandContext<'_>,
    id: UserId,
    registration: &Registration,
    email_verified: bool,
) -> User {
    let new = NewUser {
        email: registration.email.clone(),
        name: registration.name.clone(),
        role: RoleName::customer(),
        status: UserStatus::Active,
        email_verified,
        locale: registration.locale,
    };
    User::new(id, new, cx.now())
}
