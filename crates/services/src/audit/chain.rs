//! The chain: each linked entry's hash covers the entry and the hash before it, and the head is sealed with a
//! key that is not in the database. So an edit, a removal and a cut-off tail are all seen.

use mainstay_domain::audit::{AuditEntry, ChainHead};
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::crypto::{hmac_sha256, same, sha256};

/// The place before the first entry.
pub fn beginning() -> ChainHead {
    ChainHead { seq: 0, hash: vec![0; 32] }
}

/// The place after one more entry.
pub fn next(head: &ChainHead, entry: &AuditEntry) -> ChainHead {
    let seq = head.seq + 1;
    let mut bytes = head.hash.clone();
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(&entry.canonical());
    ChainHead { seq, hash: sha256(&bytes).to_vec() }
}

/// Seals a head: who only reaches the database cannot make another.
pub fn seal(sealer: &Sealer, head: &ChainHead) -> Vec<u8> {
    hmac_sha256(&*sealer.derive(LABEL), &sealed_bytes(head)).to_vec()
}

/// Whether a head was sealed by us, under this master key or one before it.
pub fn is_sealed(sealer: &Sealer, head: &ChainHead, seal: &[u8]) -> bool {
    let bytes = sealed_bytes(head);
    sealer.derive_all(LABEL).iter().any(|key| same(&hmac_sha256(&**key, &bytes), seal))
}

const LABEL: &str = "audit-head";

fn sealed_bytes(head: &ChainHead) -> Vec<u8> {
    let mut bytes = head.seq.to_be_bytes().to_vec();
    bytes.extend_from_slice(&head.hash);
    bytes
}
