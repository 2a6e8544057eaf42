//! The data that exists when a measurement starts.

use crate::error::BenchError;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use uuid::Uuid;

/// The password of every user of the benchmark.
pub(crate) const PASSWORD: &str = "three blind mice, 3 times over";

/// The users and products that were created on a server.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seed {
    pub(crate) users: Vec<User>,
    pub(crate) products: Vec<Uuid>,
}

/// A signed-in user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

impl Seed {
    /// Reads the file that `prepare` wrote.
    pub(crate) fn read(path: &Path) -> Result<Self, BenchError> {
        let seed: Self = serde_json::from_slice(&fs::read(path)?)?;
        if seed.users.is_empty() || seed.products.is_empty() {
            return Err(BenchError::new("the seed has no users or no products"));
        }
        Ok(seed)
    }

    /// The `number`th order of a measurement: one to three products and their quantities, sorted by id. The load
    /// generator and the baselines order the same.
    pub(crate) fn basket(&self, number: u64) -> Vec<(Uuid, u32)> {
        let mut draw = number;
        let mut products = Vec::new();
        for _ in 0..=number % 3 {
            let product = self.products[(next_random(&mut draw) as usize) % self.products.len()];
            products.push((product, 1 + u32::from(next_random(&mut draw).is_multiple_of(4))));
        }
        products.sort_unstable();
        products.dedup_by_key(|(product, _)| *product);
        products
    }
}

/// SplitMix64: pseudo-random numbers that are the same in every run.
fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn baskets_contain_one_to_three_distinct_products() {
        let seed = Seed {
            users: Vec::new(),
            products: (1..=50).map(Uuid::from_u128).collect(),
        };
        let sizes: Vec<usize> = (0..300).map(|number| seed.basket(number).len()).collect();
        assert!(sizes.iter().all(|size| (1..=3).contains(size)));
        assert!([1, 2, 3].iter().all(|size| sizes.contains(size)));
        assert_eq!(seed.basket(17), seed.basket(17));
        assert!(seed.basket(2).is_sorted());
    }
}
