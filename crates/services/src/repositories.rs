//! The repositories of the product's own resources.

use mainstay_engine::Repositories;
use mainstay_repositories::{
    Identities, Orders, Passkeys, Payments, Products, RecoveryCodes, TotpFactors, Webhooks,
};

/// Adds the repositories of products, orders, payments, second factors, passkeys, identities and webhooks to every transaction and snapshot.
pub trait ShopRepositories: Repositories {
    /// Products.
    fn products(&mut self) -> Products<'_> {
        Products::new(self.tx())
    }

    /// Orders.
    fn orders(&mut self) -> Orders<'_> {
        Orders::new(self.tx())
    }

    /// Accounts at identity providers.
    fn identities(&mut self) -> Identities<'_> {
        Identities::new(self.tx())
    }

    /// Passkeys.
    fn passkeys(&mut self) -> Passkeys<'_> {
        Passkeys::new(self.tx())
    }

    /// Payments.
    fn payments(&mut self) -> Payments<'_> {
        Payments::new(self.tx())
    }

    /// Authenticator apps.
    fn totp_factors(&mut self) -> TotpFactors<'_> {
        TotpFactors::new(self.tx())
    }

    /// Webhooks.
    fn webhooks(&mut self) -> Webhooks<'_> {
        Webhooks::new(self.tx())
    }

    /// Recovery codes.
    fn recovery_codes(&mut self) -> RecoveryCodes<'_> {
        RecoveryCodes::new(self.tx())
    }
}

impl<R: Repositories + ?Sized> ShopRepositories for R {}
