//! Sends a mail about an account.

use super::account_mail::AccountMail;
use super::kind::MailKind;
use super::layout::write;
use super::message::message;
use super::recipient::Recipient;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use mainstay_domain::access::Access;
use mainstay_domain::id::Id;
use mainstay_domain::{Error, Result};
use mainstay_engine::{BackgroundJob, CommandContext, PrepareContext, PreparedCommand, UseCase};
use mainstay_platform::crypto::seal::Sealer;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The context that recipients and contents of mails are sealed for.
const SEALED_FOR: &str = "account-mail";

/// Sends a mail about an account. It changes no rows. Recipient and content are sealed in its payload, because the
/// content may be a link that signs in; only the kind is readable. The message id is derived from its own id, so a
/// mailbox that receives the mail twice, because a worker died in between, can show it once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendAccountMail {
    id: Id<SendAccountMail>,
    kind: MailKind,
    sealed: String,
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
    let (id, kind) = (cx.make_id(), mail.kind());
    let envelope = Envelope { to: to.into(), mail };
    let plain = Zeroizing::new(serde_json::to_vec(&envelope).map_err(Error::internal)?);
    let sealer = &cx.components().sealer;
    let sealed = sealer.seal(SEALED_FOR, id.uuid().as_bytes(), &plain, cx.random());
    cx.enqueue(&SendAccountMail {
        id,
        kind,
        sealed: STANDARD_NO_PAD.encode(sealed),
    })
}

impl SendAccountMail {
    fn open(&self, sealer: &Sealer) -> Result<Envelope> {
        let sealed = STANDARD_NO_PAD.decode(&self.sealed).map_err(Error::internal)?;
        let plain = sealer.open(SEALED_FOR, self.id.uuid().as_bytes(), &sealed);
        serde_json::from_slice(&plain.map_err(Error::internal)?).map_err(Error::internal)
    }
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
        let Envelope { to, mail } = self.open(&components.sealer)?;
        let url = &components.policies.public_url;
        let mail = write(&mail.draft(), to.name.as_ref(), to.locale, url)?;
        let id = format!("{}-{}", self.kind, self.id);
        components.mailer.send(&message(id, to.email, mail)).await
    }

    async fn run(self, (): (), _: &mut CommandContext<'_>) -> Result<()> {
        Ok(())
    }
}
