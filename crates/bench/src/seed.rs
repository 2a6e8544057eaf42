//! Who and what is there when a measurement begins.

use crate::fault::Fault;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use uuid::Uuid;

/// The password of everybody who is made for a measurement.
pub(crate) const PASSWORD: &str = "three blind mice, 3 times over";

/// What was put into a server.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seed {
    pub(crate) users: Vec<User>,
    pub(crate) products: Vec<Uuid>,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

impl Seed {
    /// What was written down.
    pub(crate) fn read(path: &Path) -> Result<Self, Fault> {
        let seed: Self = serde_json::from_slice(&fs::read(path)?)?;
        if seed.users.is_empty() || seed.products.is_empty() {
            return Err(Fault::new("nobody and nothing was prepared"));
        }
        Ok(seed)
    }

    /// The `number`th order of a measurement: one to three products and how many of each, in the order of their ids.
    /// The generator and the floors buy the same.
    pub(crate) fn basket(&self, number: u64) -> Vec<(Uuid, u32)> {
        let mut draw = number;
        let mut products = Vec::new();
        for _ in 0..=number % 3 {
            let product = self.products[(mixed(&mut draw) as usize) % self.products.len()];
            products.push((product, 1 + u32::from(mixed(&mut draw).is_multiple_of(4))));
        }
        products.sort_unstable();
        products.dedup_by_key(|(product, _)| *product);
        products
    }
}

/// SplitMix64: numbers that look drawn and are the same in every run.
fn mixed(state: &mut u64) -> u64 {
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
    fn baskets_hold_one_to_three_products_once_each() {
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
