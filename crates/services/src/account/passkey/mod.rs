//! Passkeys (W3C Web Authentication, level 3): a way to sign in that is two factors in one, because the authenticator
//! verifies its user, and a second factor beside a password.
//!
//! Each ceremony begins with a [`challenge`], which the server remembers for five minutes and accepts once, and ends with
//! the response of the browser: a registration, a sign-in, a second factor or a step-up.

mod assertion;
mod begin_factor;
mod begin_registration;
mod begin_sign_in;
mod challenge;
mod encoded;
mod finish_registration;
mod finish_sign_in;
mod list;
mod read;
mod remove;
mod rename;
mod site;
mod ways_in;

pub(super) use assertion::{VerifiedPasskey, use_passkey, verify_passkey};
pub use begin_factor::{BeginPasskeyFactor, BeginPasskeyStepUp};
pub use begin_registration::BeginPasskeyRegistration;
pub use begin_sign_in::BeginPasskeySignIn;
pub use challenge::PasskeyOptions;
pub use encoded::Base64Url;
pub use finish_registration::{FinishPasskeyRegistration, RegisteredPasskey};
pub use finish_sign_in::FinishPasskeySignIn;
pub use list::ListPasskeys;
pub use mainstay_platform::crypto::passkey::{AssertionResponse, AttestationResponse};
pub use read::ReadPasskey;
pub use remove::RemovePasskey;
pub use rename::RenamePasskey;
pub(super) use ways_in::is_last_way_in;
