//! Password hashes as text, in the format of the Password Hashing Competition:
//! `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.

use super::params::{Params, PasswordError};
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Version};

/// A stored hash that costs more than this was not made by this product; computing it could exhaust the machine.
const MAX_COST: Params = Params {
    memory_kib: 64 * 1024,
    passes: 10,
    lanes: 4,
};

/// A parsed PHC string.
pub(super) struct Stored {
    algorithm: Algorithm,
    version: Version,
    pub(super) argon2: Argon2<'static>,
    pub(super) salt: Salt,
    pub(super) output: Output,
}

impl Stored {
    /// Parses an Argon2 hash of acceptable cost; `None` for anything else.
    pub(super) fn parse(phc: &str) -> Option<Self> {
        let hash = PasswordHash::new(phc).ok()?;
        let algorithm = Algorithm::new(hash.algorithm.as_str()).ok()?;
        let version = Version::try_from(hash.version?).ok()?;
        let params = argon2::Params::try_from(&hash).ok()?;
        let acceptable = params.m_cost() <= MAX_COST.memory_kib
            && params.t_cost() <= MAX_COST.passes
            && params.p_cost() <= MAX_COST.lanes;
        acceptable.then_some(())?;
        let argon2 = Argon2::new(algorithm, version, params);
        Some(Self {
            algorithm,
            version,
            argon2,
            salt: hash.salt?,
            output: hash.hash?,
        })
    }

    /// Whether hashing again with `params` would give the same kind of hash.
    pub(super) fn is_made_with(&self, params: &argon2::Params) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.argon2.params() == params
    }
}

/// Encodes an Argon2id hash.
pub(super) fn encode(
    params: &argon2::Params,
    salt: &[u8; 16],
    hash: &[u8; 32],
) -> Result<String, PasswordError> {
    let bad_params = |_| PasswordError::BadParams;
    let phc = PasswordHash {
        algorithm: argon2::ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(bad_params)?,
        salt: Some(Salt::new(salt).map_err(|_| PasswordError::BadParams)?),
        hash: Some(Output::new(hash).map_err(|_| PasswordError::BadParams)?),
    };
    Ok(phc.to_string())
}
