//! The ports to the outside world. `integrations` has the real adapters; `testkit` has the fakes.

use futures_util::future::BoxFuture;
use mainstay_domain::id::PaymentId;
use mainstay_domain::money::Money;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Result, email::Email};

/// Sends mail.
pub trait Mailer: Send + Sync {
    /// Sends a message. `Ok` once the next mail server is responsible for its delivery.
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<()>>;
    /// Checks whether the mail server can be reached.
    fn check(&self) -> BoxFuture<'_, Result<()>>;
}

/// A mail, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Identifies the message; the same when it is sent again, so that a mailbox can show it once.
    pub id: String,
    /// The recipient.
    pub to: Email,
    /// The subject, without line breaks.
    pub subject: String,
    /// The plain-text body.
    pub text: String,
    /// The HTML body.
    pub html: String,
}

impl Message {
    /// A message of plain text; its HTML is the same text.
    pub fn plain(id: String, to: Email, subject: &str, text: String) -> Self {
        let escaped = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        Self {
            id,
            to,
            subject: subject.to_owned(),
            html: format!("<pre style=\"font: inherit\">{escaped}</pre>\n"),
            text,
        }
    }
}

/// Stores heads of the audit chain beyond the control of an attacker who controls this machine and its database.
pub trait HeadReceiver: Send + Sync {
    /// Sends a head. `Ok` when the receiver has it.
    fn receive<'a>(&'a self, head: &'a SignedHead) -> BoxFuture<'a, Result<()>>;
}

/// The head of the audit chain, sealed for storage outside of Mainstay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// Unique for each message.
    pub id: String,
    /// When it was read.
    pub at: Timestamp,
    /// Number of entries in the chain.
    pub seq: i64,
    /// The hash of all of them, in hexadecimal.
    pub hash: String,
    /// HMAC-SHA256 over both under a key derived from the master key, in hexadecimal.
    pub seal: String,
}

/// Collects and refunds payments.
pub trait PaymentGateway: Send + Sync {
    /// The gateway's name: `test`, `stripe`, `none`.
    fn name(&self) -> &'static str;
    /// Collects an amount. Called twice with one payment, it collects once and returns the same outcome.
    fn charge(&self, payment: PaymentId, amount: Money) -> BoxFuture<'_, Result<Charge>>;
    /// Voids a payment for good, whether or not a charge was ever requested, and returns the outcome. After
    /// [`Voided::Nothing`] a charge of this payment is refused, also one that was under way. Called twice, it returns
    /// the same.
    fn void(&self, payment: PaymentId, amount: Money) -> BoxFuture<'_, Result<Voided>>;
    /// Refunds the whole amount. Called twice with one payment, it refunds once.
    fn refund(&self, payment: PaymentId, reference: &str, amount: Money) -> BoxFuture<'_, Result<()>>;
    /// Checks whether payments can be started at all.
    ///
    /// # Errors
    /// `UNAVAILABLE` if not.
    fn check_open(&self) -> Result<()> {
        Ok(())
    }
}

/// The outcome of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charge {
    /// The money was collected.
    Collected {
        /// The gateway's identifier of the charge.
        reference: String,
    },
    /// The gateway refused the charge.
    Refused {
        /// The reason, suitable for display to the payer.
        reason: String,
    },
}

/// The outcome of voiding a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voided {
    /// Nothing was collected, and nothing will be.
    Nothing,
    /// Too late: the money was collected, and can only be refunded.
    Collected {
        /// The gateway's identifier of the charge.
        reference: String,
    },
}
