//! Sends a mail about an account.

use super::account_mail::AccountMail;
use super::kind::MailKind;
use super::layout::write;
use super::message::message;
use super::recipient::Recipient;
use mainstay_domain::access::Access;
use mainstay_domain::id::Id;
use mainstay_domain::{Error, Result};
use mainstay_engine::job::SealedPayload;
use mainstay_engine::{BackgroundJob, CommandContext, PrepareContext, PreparedCommand, UseCase};
use serde::{Deserialize, Serialize};

/// Sends a mail about an account. It changes no rows. Recipient and content are sealed in its payload, because the
/// content may be a link that signs in; only the kind is readable. The message id is derived from its own id, so a
/// mailbox that receives the mail twice, because a worker died in between, can show it once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendAccountMail {
    kind: MailKind,
    #[serde(flatten)]
    payload: SealedPayload,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Envelope {
    to: Recipient,
    mail: AccountMail,
}

/// Enqueues a mail about an account, which is sent after the commit. `to` is the account, or a [`Recipient`] for another
/// address.
///
/// # Errors
/// An internal error when the mail cannot be serialised.
pub(crate) fn send(cx: &mut CommandContext<'_>, to: impl Into<Recipient>, mail: AccountMail) -> Result<()> {
    let id: Id<SendAccountMail> = cx.make_id();
    let kind = mail.kind();
    let envelope = Envelope { to: to.into(), mail };
    let sealer = &cx.components().sealer;
    let payload = SealedPayload::seal::<SendAccountMail>(id.uuid(), &envelope, sealer, cx.random())?;
    cx.enqueue(&SendAccountMail { kind, payload })
}

impl UseCase for SendAccountMail {
    const NAME: &'static str = "mail.account";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl BackgroundJob for SendAccountMail {
    const QUEUE: &'static str = "mail";
    const MAX_ATTEMPTS: u32 = 12;

    /// A mail that is permanently rejected is dead at once.
    fn is_retryable(error: &Error) -> bool {
        !matches!(error, Error::InvalidState(_))
    }
}

impl PreparedCommand for SendAccountMail {
    type Prepared = ();

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<()> {
        let components = cx.components();
        let Envelope { to, mail } = self.payload.open::<Self, _>(&components.sealer)?;
        let url = &components.policies.public_url;
        let mail = write(&mail.draft(), to.name.as_ref(), to.locale, url)?;
        let id = format!("{}-{}", self.kind, self.payload.id());
        components.mailer.send(&message(id, to.email, mail)).await
    }

    async fn run(self, (): (), _: &mut CommandContext<'_>) -> Result<()> {
        Ok(())
    }
}
