//! The outside world, as the use cases see it. `integrations` has the real ones; fakes stand in `testkit`.

use futures_util::future::BoxFuture;
use mainstay_domain::id::PaymentId;
use mainstay_domain::money::Money;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Result, email::Email};

/// Sends mail.
pub trait Mailer: Send + Sync {
    /// Hands a message over. `Ok` when somebody else answers for it now.
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<()>>;
    /// Whether it can be reached.
    fn check(&self) -> BoxFuture<'_, Result<()>>;
}

/// A mail, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Names the message; the same when it is sent again, so that a mailbox can show it once.
    pub id: String,
    /// Who gets it.
    pub to: Email,
    /// One line.
    pub subject: String,
    /// For programs that show text.
    pub text: String,
    /// For programs that show HTML.
    pub html: String,
}

/// Keeps heads of the audit chain out of reach of whoever controls this machine and its database.
pub trait HeadReceiver: Send + Sync {
    /// Hands a head over. `Ok` when the receiver has it.
    fn receive<'a>(&'a self, head: &'a SignedHead) -> BoxFuture<'a, Result<()>>;
}

/// The head of the audit chain, sealed for the world outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// Unique for each message.
    pub id: String,
    /// When it was read.
    pub at: Timestamp,
    /// How many places the chain has.
    pub seq: i64,
    /// The hash of all of them, in hexadecimal.
    pub hash: String,
    /// HMAC-SHA256 over both under a key derived from the master key, in hexadecimal.
    pub seal: String,
}

/// Collects money and gives it back.
pub trait PaymentGateway: Send + Sync {
    /// Its name: `test`, `stripe`, `none`.
    fn name(&self) -> &'static str;
    /// Collects an amount. Asked twice with one payment, it collects once and tells the same outcome.
    fn charge(&self, payment: PaymentId, amount: Money) -> BoxFuture<'_, Result<Charge>>;
    /// Calls a payment off for good, whether or not a charge was ever asked for, and tells what became of it. After
    /// [`Voided::Nothing`] a charge of this payment is refused, also one that was on its way. Asked twice, it tells the
    /// same.
    fn void(&self, payment: PaymentId, amount: Money) -> BoxFuture<'_, Result<Voided>>;
    /// Gives the whole amount back. Asked twice with one payment, it gives back once.
    fn refund(&self, payment: PaymentId, reference: &str, amount: Money) -> BoxFuture<'_, Result<()>>;
    /// Whether payments can be begun at all.
    ///
    /// # Errors
    /// `UNAVAILABLE` when not.
    fn check_open(&self) -> Result<()> {
        Ok(())
    }
}

/// What came of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charge {
    /// The money is collected; the gateway's name for it.
    Collected {
        /// The gateway's name for it.
        reference: String,
    },
    /// The gateway refused, for a reason the payer may read.
    Refused {
        /// For the payer.
        reason: String,
    },
}

/// What became of a payment that was called off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voided {
    /// Nothing was collected, and nothing will be.
    Nothing,
    /// It was too late: the money is collected, and can only be given back.
    Collected {
        /// The gateway's name for it.
        reference: String,
    },
}
