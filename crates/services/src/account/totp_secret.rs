//! The secret of an authenticator app: stored encrypted.

use mainstay_domain::id::UserId;
use mainstay_domain::random::Random;
use mainstay_domain::{Error, Result};
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::crypto::totp::TotpSecret;
use mainstay_repositories::TOTP_SECRET;

/// Encrypts the secret of an account's app.
pub(super) fn seal_secret(
    sealer: &Sealer,
    user: UserId,
    secret: &TotpSecret,
    random: &dyn Random,
) -> Vec<u8> {
    sealer.seal(TOTP_SECRET, user.uuid().as_bytes(), secret.bytes(), random)
}

/// Decrypts the secret of an account's app.
pub(super) fn open_secret(sealer: &Sealer, user: UserId, sealed: &[u8]) -> Result<TotpSecret> {
    let plain = sealer
        .open(TOTP_SECRET, user.uuid().as_bytes(), sealed)
        .map_err(Error::internal)?;
    TotpSecret::from_bytes(&plain)
        .ok_or_else(|| Error::bug("the secret of an authenticator app has another length"))
}
