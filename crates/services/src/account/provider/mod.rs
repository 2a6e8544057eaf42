//! Sign-in by an identity provider (RFC 6749, OpenID Connect Core 1.0, RFC 9700).
//!
//! [`BeginProviderSignIn`] sends the browser to the provider; [`FinishProviderSignIn`] takes it back. In between the
//! server remembers an [`attempt`] for ten minutes: its token is the `state`, and it is bound to the browser by a cookie.

mod attempt;
mod begin;
mod callback;
mod finish;
mod identities;
mod label;
mod link;
mod list;
mod outcome;
mod return_to;
mod settings;
mod unlink;

pub use begin::{BeginProviderSignIn, Redirection};
pub use callback::CallbackParams;
pub use finish::FinishProviderSignIn;
pub use identities::ListIdentities;
pub use list::ListProviders;
pub use outcome::{ProviderAnswer, ProviderSignIn};
pub use return_to::ReturnTo;
pub use settings::ProviderSettings;
pub use unlink::UnlinkIdentity;
