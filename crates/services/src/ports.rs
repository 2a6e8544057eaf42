//! The product's ports to the outside world. `integrations` has the real adapters; `testkit` has the fakes.

mod identity;
mod webhook;

pub use identity::{AuthorizationResponse, IdentityProviders, ProvidedIdentity, ProviderInfo};
pub use webhook::{WebhookAnswer, WebhookRequest, WebhookSender};

use futures_util::future::BoxFuture;
use mainstay_domain::Result;
use mainstay_domain::id::PaymentId;
use mainstay_domain::money::Money;

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
