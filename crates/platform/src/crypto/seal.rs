//! Sealing secrets at rest: authenticated encryption, bound to the row that holds the result.

use super::master_key::MasterKey;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use mainstay_domain::random::{self, Random};
use std::fmt;
use zeroize::Zeroizing;

/// The layout of a sealed value: version, key id, nonce, then ciphertext and tag.
const VERSION: u8 = 1;
const KEY_ID_LEN: usize = 4;
const HEADER_LEN: usize = 1 + KEY_ID_LEN;
/// How many bytes at the beginning of a sealed value name its key.
pub const PREFIX_LEN: usize = HEADER_LEN;
const TAG_LEN: usize = 16;

/// Why a sealed value cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Sealed under a master key that is not configured (any more).
    #[error("sealed under the unknown master key {:08x}", u32::from_be_bytes(*.0))]
    UnknownKey([u8; 4]),
    /// Changed, truncated, moved from another row, or not sealed by this product.
    #[error("the sealed value was changed or belongs to another row")]
    Tampered,
}

/// Seals and opens values with AES-256-GCM-SIV (RFC 8452) under keys derived from the master keys.
///
/// SIV, because then even a repeated nonce reveals no more than that two values are equal. New values are sealed
/// under the current key; values under a previous key still open, and [`Sealer::is_current`] reports which must be
/// sealed again before that key may be removed.
pub struct Sealer {
    /// The current key first.
    keys: Vec<Key>,
    /// What keys are derived from; without it, they are derived from the current master key.
    root: Option<Zeroizing<[u8; 32]>>,
}

struct Key {
    master: MasterKey,
    id: [u8; KEY_ID_LEN],
    aead: LessSafeKey,
}

impl Sealer {
    /// Seals under `current`; opens what `current` or any of `previous` sealed.
    pub fn new(current: MasterKey, previous: Vec<MasterKey>) -> Self {
        let keys = std::iter::once(current).chain(previous).map(Key::new).collect();
        Self { keys, root: None }
    }

    /// The same sealer, which derives keys from a root secret: they stay the same when the master key is replaced.
    #[must_use]
    pub fn with_root(self, root: [u8; 32]) -> Self {
        Self {
            root: Some(Zeroizing::new(root)),
            ..self
        }
    }

    /// Seals `plain` for one row: `context` names its purpose (`"totp"`), `row` is the row's id. It opens only with the
    /// same two. The result is 33 bytes longer than `plain`.
    pub fn seal(&self, context: &str, row: &[u8], plain: &[u8], random: &dyn Random) -> Vec<u8> {
        let key = &self.keys[0];
        let nonce: [u8; NONCE_LEN] = random::bytes(random);
        let header = header(key.id);
        // Encrypted in its own buffer, which holds the plaintext only until it is overwritten in place.
        let mut body = Vec::with_capacity(plain.len() + TAG_LEN);
        body.extend_from_slice(plain);
        key.aead
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated(header, context, row)),
                &mut body,
            )
            .expect("AES-GCM-SIV refuses only values beyond 64 GiB");
        [&header[..], &nonce, &body].concat()
    }

    /// Opens the result of [`Sealer::seal`] for the same `context` and `row`.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open(&self, context: &str, row: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (header, rest) = sealed
            .split_first_chunk::<HEADER_LEN>()
            .ok_or(SealError::Tampered)?;
        let [VERSION, id @ ..] = *header else {
            return Err(SealError::Tampered);
        };
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Tampered)?;
        let mut named = self.keys.iter().filter(|key| key.id == id).peekable();
        if named.peek().is_none() {
            return Err(SealError::UnknownKey(id));
        }
        // Two keys may share an id of four bytes; then each is tried.
        for key in named {
            let mut plain = Zeroizing::new(body.to_vec());
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let aad = Aad::from(associated(*header, context, row));
            if let Ok(opened) = key.aead.open_in_place(nonce, aad, &mut plain) {
                let length = opened.len();
                plain.truncate(length);
                return Ok(plain);
            }
        }
        Err(SealError::Tampered)
    }

    /// Whether a value was sealed under the current key; if not, it must be sealed again.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.starts_with(&self.prefix())
    }

    /// What values begin with that are sealed under the current key.
    pub fn prefix(&self) -> [u8; PREFIX_LEN] {
        header(self.keys[0].id)
    }

    /// Derives a key for one purpose, by HKDF-SHA256 (RFC 5869), from the root secret, or without one from the current
    /// master key.
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        match &self.root {
            Some(root) => derive(root, label),
            None => derive(self.keys[0].master.bytes(), label),
        }
    }

    /// Every key that a value of this purpose may have been made with, the current one first.
    pub fn derive_all(&self, label: &str) -> Vec<Zeroizing<[u8; 32]>> {
        match &self.root {
            Some(root) => vec![derive(root, label)],
            None => self
                .keys
                .iter()
                .map(|key| derive(key.master.bytes(), label))
                .collect(),
        }
    }
}

impl Key {
    fn new(master: MasterKey) -> Self {
        // Not the master key itself, so that no derived key can ever equal the sealing key.
        let secret = derive(master.bytes(), "seal");
        let unbound = UnboundKey::new(&AES_256_GCM_SIV, &*secret).expect("the key has 32 bytes");
        Self {
            id: master.id(),
            aead: LessSafeKey::new(unbound),
            master,
        }
    }
}

fn header([a, b, c, d]: [u8; KEY_ID_LEN]) -> [u8; HEADER_LEN] {
    [VERSION, a, b, c, d]
}

/// The associated data. The context's length comes first, so that no context and row can be read as another pair.
fn associated(header: [u8; HEADER_LEN], context: &str, row: &[u8]) -> Vec<u8> {
    let length = u64::try_from(context.len())
        .expect("a length fits 64 bits")
        .to_be_bytes();
    [&header[..], &length, context.as_bytes(), row].concat()
}

fn derive(secret: &[u8; 32], label: &str) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"mainstay master key v1")
        .extract(secret)
        .expand(&[label.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|key| key.fill(&mut *out))
        .expect("HKDF refuses only more than 8160 bytes");
    out
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|key| &key.master))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::random::Counting;
    use proptest::prelude::*;

    fn key(byte: u8) -> MasterKey {
        MasterKey::from_bytes([byte; 32])
    }

    fn sealer() -> Sealer {
        Sealer::new(key(1), Vec::new())
    }

    #[test]
    fn derived_keys_outlive_the_master_key_where_there_is_a_root_secret() {
        let old = Sealer::new(key(1), Vec::new());
        let new = Sealer::new(key(2), vec![key(1)]);
        assert_ne!(old.derive("x"), new.derive("x"));
        assert_eq!(new.derive_all("x")[1], old.derive("x"));
        let (old, new) = (old.with_root([9; 32]), new.with_root([9; 32]));
        assert_eq!(old.derive("x"), new.derive("x"));
        assert_eq!(old.derive_all("x"), new.derive_all("x"));
        assert_ne!(old.derive("x"), old.derive("y"));
        assert_ne!(
            old.seal("x", b"", b"", &Counting::default())[..PREFIX_LEN],
            new.prefix()
        );
    }

    #[test]
    fn a_value_opens_only_with_its_context_and_row() {
        let sealed = sealer().seal("totp", b"row-1", b"secret", &Counting::default());
        assert_eq!(
            sealer().open("totp", b"row-1", &sealed).unwrap().as_slice(),
            b"secret"
        );
        for (context, row) in [
            ("totp", "row-2"),
            ("oauth", "row-1"),
            ("totprow", "-1"),
            ("", "totprow-1"),
        ] {
            assert_eq!(
                sealer().open(context, row.as_bytes(), &sealed),
                Err(SealError::Tampered),
                "{context} {row}"
            );
        }
    }

    #[test]
    fn a_changed_or_truncated_value_does_not_open() {
        let sealed = sealer().seal("totp", b"row", b"secret", &Counting::default());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 0x40;
            let error = sealer().open("totp", b"row", &changed).unwrap_err();
            let in_key_id = (1..HEADER_LEN).contains(&at);
            assert_eq!(
                matches!(error, SealError::UnknownKey(_)),
                in_key_id,
                "byte {at}: {error:?}"
            );
            assert!(
                sealer().open("totp", b"row", &sealed[..at]).is_err(),
                "cut at {at}"
            );
        }
        let longer = [&sealed[..], b"x"].concat();
        assert_eq!(sealer().open("totp", b"row", &longer), Err(SealError::Tampered));
    }

    #[test]
    fn the_key_id_is_authenticated_too() {
        // Two configured keys; relabelling a value with the other one's id must not open it.
        let both = Sealer::new(key(1), vec![key(2)]);
        let mut sealed = both.seal("totp", b"row", b"secret", &Counting::default());
        sealed[1..HEADER_LEN].copy_from_slice(&key(2).id());
        assert_eq!(both.open("totp", b"row", &sealed), Err(SealError::Tampered));
    }

    #[test]
    fn a_previous_key_opens_values_until_it_is_removed() {
        let old = sealer().seal("totp", b"row", b"secret", &Counting::default());
        let rotated = Sealer::new(key(2), vec![key(1)]);
        let plain = rotated.open("totp", b"row", &old).unwrap();
        assert!(!rotated.is_current(&old));
        let renewed = rotated.seal("totp", b"row", &plain, &Counting::default());
        assert!(rotated.is_current(&renewed));
        let without_old = Sealer::new(key(2), Vec::new());
        assert_eq!(without_old.open("totp", b"row", &renewed).unwrap(), plain);
        assert_eq!(
            without_old.open("totp", b"row", &old),
            Err(SealError::UnknownKey(key(1).id()))
        );
    }

    #[test]
    fn derived_keys_differ_by_label_and_master_key() {
        let rotated = Sealer::new(key(2), vec![key(1)]);
        assert_ne!(rotated.derive("a"), rotated.derive("b"));
        assert_ne!(rotated.derive("a"), sealer().derive("a"));
        assert_eq!(
            rotated.derive_all("a"),
            [rotated.derive("a"), sealer().derive("a")]
        );
        assert_ne!(*sealer().derive(""), [1; 32]);
    }

    #[test]
    fn the_layout_is_as_documented() {
        let sealed = sealer().seal("totp", b"row", b"secret", &Counting::default());
        assert_eq!(sealed.len(), "secret".len() + 33);
        assert_eq!(sealed[0], 1);
        assert_eq!(sealed[1..5], key(1).id());
        assert!(
            !format!("{:?}", sealer()).contains("1, 1"),
            "Debug prints key ids only"
        );
    }

    proptest! {
        #[test]
        fn every_sealed_value_opens(plain in any::<Vec<u8>>(), context in ".{0,20}", row in any::<Vec<u8>>()) {
            let sealed = sealer().seal(&context, &row, &plain, &Counting::default());
            prop_assert_eq!(&*sealer().open(&context, &row, &sealed).unwrap(), &plain);
        }

        #[test]
        fn arbitrary_bytes_never_open_and_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..80), ours: bool) {
            if ours && bytes.len() >= HEADER_LEN {
                bytes[..HEADER_LEN].copy_from_slice(&header(key(1).id()));
            }
            prop_assert!(sealer().open("totp", b"row", &bytes).is_err());
        }
    }
}
