//! Password hashes as text, in the form of the Password Hashing Competition: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.

use super::password::{Params, PasswordError};
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Version};

/// A stored hash that would cost more than this was not made by us; computing it could exhaust the machine.
const MOST: Params = Params {
    memory_kib: 64 * 1024,
    passes: 10,
    lanes: 4,
};

/// A PHC string taken apart.
pub(super) struct Stored {
    algorithm: Algorithm,
    version: Version,
    pub(super) argon2: Argon2<'static>,
    pub(super) salt: Salt,
    pub(super) output: Output,
}

impl Stored {
    /// Reads an Argon2 hash of bearable cost; `None` for anything else.
    pub(super) fn parse(phc: &str) -> Option<Self> {
        let hash = PasswordHash::new(phc).ok()?;
        let algorithm = Algorithm::new(hash.algorithm.as_str()).ok()?;
        let version = Version::try_from(hash.version?).ok()?;
        let params = argon2::Params::try_from(&hash).ok()?;
        let bearable = params.m_cost() <= MOST.memory_kib
            && params.t_cost() <= MOST.passes
            && params.p_cost() <= MOST.lanes;
        bearable.then_some(())?;
        let argon2 = Argon2::new(algorithm, version, params);
        Some(Self {
            algorithm,
            version,
            argon2,
            salt: hash.salt?,
            output: hash.hash?,
        })
    }

    /// Whether hashing anew with `params` would make the same kind of hash.
    pub(super) fn is_made_with(&self, params: &argon2::Params) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.argon2.params() == params
    }
}

/// Writes what Argon2id made.
pub(super) fn encode(
    params: &argon2::Params,
    salt: &[u8; 16],
    hash: &[u8; 32],
) -> Result<String, PasswordError> {
    let refused = |_| PasswordError::BadParams;
    let phc = PasswordHash {
        algorithm: argon2::ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(refused)?,
        salt: Some(Salt::new(salt).map_err(|_| PasswordError::BadParams)?),
        hash: Some(Output::new(hash).map_err(|_| PasswordError::BadParams)?),
    };
    Ok(phc.to_string())
}
