//! Verifies a password with bare Argon2id and the product's parameters.

use super::on_every_core;
use crate::error::BenchError;
use crate::measured::{Measured, repeat};
use crate::seed::PASSWORD;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use mainstay_platform::crypto::password;

/// Hashes on every core, each with its own reused memory.
pub(super) fn measure(seconds: u64) -> Result<Measured, BenchError> {
    let product = password::Params::default();
    let params = Params::new(product.memory_kib, product.passes, product.lanes, Some(32))?;
    on_every_core(|_| {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut memory = vec![Block::default(); params.block_count()];
        let mut out = [0; 32];
        repeat(seconds, || {
            argon2.hash_password_into_with_memory(PASSWORD.as_bytes(), &[7; 16], &mut out, &mut memory)?;
            Ok(())
        })
    })
}
