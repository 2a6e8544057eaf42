//! Cryptography: passwords, sealing at rest, access tokens, opaque tokens, API keys, passkeys.
//!
//! Every primitive comes from AWS-LC, except Argon2id and the verification of passkeys (RustCrypto). Secrets are wiped when dropped and never printed;
//! comparisons with a secret take constant time.

pub mod api_key;
pub mod device;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod key_ring;
pub mod master_key;
pub mod opaque;
mod params;
pub mod passkey;
pub mod password;
mod phc;
pub mod recovery_code;
pub mod refresh;
pub mod seal;
pub mod signing_key;
pub mod token;
mod token_key;
pub mod totp;
mod verified;

use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Unpadded base64url (RFC 4648, 5).
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes exactly what [`base64url`] writes; `None` for padding, spaces or loose trailing bits.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, bytes)
        .as_ref()
        .try_into()
        .expect("SHA-256 is 32 bytes")
}

/// HMAC-SHA256 (RFC 2104).
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
    let tag = aws_lc_rs::hmac::sign(&key, message);
    *tag.as_ref().first_chunk().expect("a SHA-256 tag has 32 bytes")
}

/// Compares in constant time, so that the time taken does not reveal where the first difference is. Lengths are not
/// secret.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}
