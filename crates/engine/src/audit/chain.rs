//! The chain: each linked entry's hash covers the entry and the hash before it, and the head is sealed with a key
//! that is not in the database. So an edit, a removal and a cut-off tail are all detected.

use mainstay_domain::audit::{Acceptance, ChainHead, StoredEntry};
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::crypto::{hmac_sha256, same, sha256};

/// The place before the first entry.
pub fn beginning() -> ChainHead {
    ChainHead {
        seq: 0,
        hash: vec![0; 32],
    }
}

/// The place after one more entry.
pub fn next(head: &ChainHead, entry: &StoredEntry) -> ChainHead {
    link(&head.hash, head.seq + 1, entry)
}

/// The place `seq` of an entry that follows all entries up to the hash `before`.
pub(super) fn link(before: &[u8], seq: i64, entry: &StoredEntry) -> ChainHead {
    let mut bytes = before.to_vec();
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(&entry.canonical());
    ChainHead {
        seq,
        hash: sha256(&bytes).to_vec(),
    }
}

/// Seals a head for storage outside the database: the anchor file and the receiver of heads.
pub fn seal(sealer: &Sealer, head: &ChainHead) -> Vec<u8> {
    mac(sealer, HEAD, &head_bytes(head))
}

/// Whether Mainstay sealed a head, under this master key or an earlier one.
pub fn is_sealed(sealer: &Sealer, head: &ChainHead, seal: &[u8]) -> bool {
    verify(sealer, HEAD, &head_bytes(head), seal)
}

/// Seals the head in the database together with how far each writer's entries are linked. Its key differs from that
/// of [`seal`], so that a head from outside cannot be put into the database without them.
pub(super) fn seal_state(sealer: &Sealer, head: &ChainHead, writers: &[u8]) -> Vec<u8> {
    mac(sealer, STATE, &state_bytes(head, writers))
}

/// Whether [`seal_state`] produced the seal, under this master key or an earlier one.
pub(super) fn is_state_sealed(sealer: &Sealer, head: &ChainHead, writers: &[u8], seal: &[u8]) -> bool {
    verify(sealer, STATE, &state_bytes(head, writers), seal)
}

/// Authenticates an acceptance.
pub(super) fn sign_acceptance(sealer: &Sealer, acceptance: &Acceptance) -> Vec<u8> {
    mac(sealer, ACCEPTANCE, &acceptance_bytes(acceptance))
}

/// Whether Mainstay signed an acceptance.
pub(super) fn is_genuine(sealer: &Sealer, acceptance: &Acceptance) -> bool {
    verify(sealer, ACCEPTANCE, &acceptance_bytes(acceptance), &acceptance.mac)
}

const HEAD: &str = "audit-head";
const STATE: &str = "audit-state";
const ACCEPTANCE: &str = "audit-acceptance";

fn mac(sealer: &Sealer, label: &str, bytes: &[u8]) -> Vec<u8> {
    hmac_sha256(&*sealer.derive(label), bytes).to_vec()
}

fn verify(sealer: &Sealer, label: &str, bytes: &[u8], mac: &[u8]) -> bool {
    let keys = sealer.derive_all(label);
    keys.iter().any(|key| same(&hmac_sha256(&**key, bytes), mac))
}

fn head_bytes(head: &ChainHead) -> Vec<u8> {
    let mut bytes = head.seq.to_be_bytes().to_vec();
    bytes.extend_from_slice(&head.hash);
    bytes
}

fn state_bytes(head: &ChainHead, writers: &[u8]) -> Vec<u8> {
    let mut bytes = head.seq.to_be_bytes().to_vec();
    for part in [&*head.hash, writers] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

fn acceptance_bytes(acceptance: &Acceptance) -> Vec<u8> {
    let mut bytes = state_bytes(&acceptance.head, acceptance.reason.as_bytes());
    bytes.extend_from_slice(&acceptance.at.micros().to_be_bytes());
    bytes.extend_from_slice(acceptance.faults.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_platform::crypto::master_key::MasterKey;

    const ACTION: usize = 4;
    const RESOURCE: usize = 5;

    fn entry(resource_id: &str, after: Option<&str>) -> StoredEntry {
        let facts = [
            Some("0198a6b2-7f4d-7c31-9d5e-3b1f6f0a2c4e"),
            Some("1"),
            None,
            Some("system"),
            Some("UPDATE"),
            Some("order"),
            Some(resource_id),
            None,
            after,
            None,
            None,
            None,
        ];
        StoredEntry {
            facts: facts.map(|fact| fact.map(|fact| fact.as_bytes().to_vec())),
        }
    }

    #[test]
    fn every_fact_and_the_place_count() {
        let first = next(&beginning(), &entry("1", None));
        assert_ne!(first.hash, next(&beginning(), &entry("2", None)).hash);
        assert_ne!(first.hash, next(&beginning(), &entry("1", Some(""))).hash);
        assert_ne!(first.hash, next(&first, &entry("1", None)).hash);
    }

    #[test]
    fn facts_do_not_run_into_each_other() {
        let mut a = entry("1", None);
        let mut b = entry("1", None);
        (a.facts[ACTION], a.facts[RESOURCE]) = (Some(b"AB".to_vec()), Some(b"C".to_vec()));
        (b.facts[ACTION], b.facts[RESOURCE]) = (Some(b"A".to_vec()), Some(b"BC".to_vec()));
        assert_ne!(next(&beginning(), &a).hash, next(&beginning(), &b).hash);
    }

    #[test]
    fn only_the_holder_of_the_key_seals() {
        let sealer = |byte| Sealer::new(MasterKey::from_bytes([byte; 32]), Vec::new());
        let head = next(&beginning(), &entry("1", None));
        let seal = seal(&sealer(1), &head);
        assert!(is_sealed(&sealer(1), &head, &seal));
        assert!(!is_sealed(&sealer(2), &head, &seal));
        assert!(!is_sealed(
            &sealer(1),
            &ChainHead {
                seq: head.seq + 1,
                ..head.clone()
            },
            &seal
        ));
        let rotated = Sealer::new(
            MasterKey::from_bytes([2; 32]),
            vec![MasterKey::from_bytes([1; 32])],
        );
        assert!(
            is_sealed(&rotated, &head, &seal),
            "a head sealed before the master key was rotated"
        );
    }
}
