//! The site that passkeys are bound to.

use mainstay_domain::{Error, Result};
use mainstay_engine::Components;
use mainstay_platform::crypto::passkey::{PasskeyError, RelyingParty};

/// The site of this server, by its public address.
///
/// # Errors
/// `INVALID_STATE` when the public address is a bare network address, which passkeys cannot be bound to.
pub(super) fn site(components: &Components) -> Result<RelyingParty> {
    RelyingParty::of(&components.policies.public_url).ok_or_else(|| {
        Error::InvalidState("passkeys need a PUBLIC_URL with a name instead of an address".to_owned())
    })
}

/// An error of a ceremony that no client caused.
pub(super) fn internal(error: PasskeyError) -> Error {
    Error::internal(error)
}
