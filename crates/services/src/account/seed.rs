//! The seed of a session, from which its refresh tokens are derived: stored encrypted.

use mainstay_domain::random::Random;
use mainstay_domain::session::Session;
use mainstay_domain::{Error, Result};
use mainstay_platform::crypto::seal::Sealer;
use mainstay_repositories::SESSION_SEED as SEED;

/// Encrypts a session's seed.
pub(super) fn seal_seed(sealer: &Sealer, session: &Session, seed: &[u8; 32], random: &dyn Random) -> Vec<u8> {
    sealer.seal(SEED, session.id.uuid().as_bytes(), seed, random)
}

/// Decrypts a session's seed.
pub(super) fn open_seed(sealer: &Sealer, session: &Session, sealed: &[u8]) -> Result<[u8; 32]> {
    let plain = sealer
        .open(SEED, session.id.uuid().as_bytes(), sealed)
        .map_err(Error::internal)?;
    plain
        .as_slice()
        .try_into()
        .map_err(|_wrong: std::array::TryFromSliceError| Error::bug("a session's seed has another length"))
}
