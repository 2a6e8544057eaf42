//! What a sign-in by an identity provider leads to.

use super::return_to::ReturnTo;
use crate::account::sign_in::{SignIn, WrittenSignIn};
use mainstay_domain::error::{Denied, Unauthenticated};
use mainstay_domain::identity::Identity;
use mainstay_domain::string_enum;
use mainstay_domain::{Error, Result};
use mainstay_engine::Components;
use serde::{Deserialize, Serialize};

/// The outcome of a sign-in by an identity provider, and where the browser goes.
#[derive(Debug, Clone)]
pub struct ProviderSignIn {
    /// Where the browser goes.
    pub return_to: ReturnTo,
    /// The outcome.
    pub outcome: Result<ProviderAnswer>,
}

/// The answer to a provider's sign-in that succeeded.
#[derive(Debug, Clone)]
pub enum ProviderAnswer {
    /// The first factor of a sign-in.
    SignIn(SignIn),
    /// The identity was linked to the account that was signed in when it began.
    Linked(Box<Identity>),
}

/// A [`ProviderSignIn`] as the transaction leaves it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WrittenProviderSignIn {
    pub(super) return_to: ReturnTo,
    pub(super) outcome: Outcome,
}

/// What was written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Outcome {
    SignedIn(WrittenSignIn),
    Linked(Box<Identity>),
    Refused(ProviderRefusal),
}

string_enum! {
    /// Why a provider's answer does not sign in. It is committed, because the attempt is used up.
    pub enum ProviderRefusal {
        /// The person, or the provider, declined.
        Declined = "declined",
        /// The answer is not one to this request, or is not proved by the provider.
        Unproved = "unproved",
        /// The account is outside of the hosted domain that the settings require.
        OtherDomain = "other-domain",
        /// The provider cannot be reached.
        Unavailable = "unavailable",
        /// The address has an account that must sign in before the identity is linked.
        SignInFirst = "sign-in-first",
        /// The identity belongs to another account.
        LinkedElsewhere = "linked-elsewhere",
        /// The provider named no address, so no account can be created.
        NoAddress = "no-address",
        /// Addresses have to be confirmed first, and the provider has not verified this one.
        AddressUnverified = "address-unverified",
        /// The account is disabled.
        Disabled = "disabled",
        /// The session that asked for the link has ended.
        SessionOver = "session-over",
    }
}

impl ProviderRefusal {
    /// The error for the client.
    pub(super) fn error(self) -> Error {
        let conflict = |text: &str| Error::Conflict(text.to_owned());
        match self {
            Self::Declined | Self::OtherDomain => Error::Denied(Denied::Role),
            Self::Unproved => Error::Unauthenticated(Unauthenticated::Credentials),
            Self::Unavailable => Error::Unavailable {
                what: "the identity provider",
                source: None,
            },
            Self::SignInFirst => {
                conflict("this address has an account: sign in first, then link the provider")
            }
            Self::LinkedElsewhere => conflict("this identity is linked to another account"),
            Self::NoAddress | Self::AddressUnverified => Error::Denied(Denied::EmailUnverified),
            Self::Disabled => Error::Denied(Denied::Disabled),
            Self::SessionOver => Error::Unauthenticated(Unauthenticated::Revoked),
        }
    }
}

impl WrittenProviderSignIn {
    /// Signs the tokens, where there are any.
    pub(super) fn sign(self, components: &Components) -> Result<ProviderSignIn> {
        let outcome = match self.outcome {
            Outcome::SignedIn(written) => Ok(ProviderAnswer::SignIn(written.sign(components)?)),
            Outcome::Linked(identity) => Ok(ProviderAnswer::Linked(identity)),
            Outcome::Refused(refusal) => Err(refusal.error()),
        };
        Ok(ProviderSignIn {
            return_to: self.return_to,
            outcome,
        })
    }
}
