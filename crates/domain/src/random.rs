//! Randomness is passed in, so that tests are repeatable.

use std::sync::atomic::{AtomicU64, Ordering};

/// A source of random bytes. On a server: the operating system's.
pub trait Random: Send + Sync {
    /// Fills the whole slice.
    fn fill(&self, bytes: &mut [u8]);
}

/// Draws `N` bytes.
pub fn bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut out = [0; N];
    random.fill(&mut out);
    out
}

/// A deterministic source for tests: predictable, and different at each call.
#[derive(Debug, Default)]
pub struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64, so that the bytes differ in all places and not only in the last.
            let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let word = (z ^ (z >> 31)).to_be_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}
