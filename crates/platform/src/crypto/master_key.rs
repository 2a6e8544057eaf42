//! The master key, under which every other secret at rest is sealed.

use super::{from_base64url, same, sha256};
use crate::files;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay_domain::random::{self, Random};
use std::fmt;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// 32 secret bytes. Wiped on drop, never printed.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Why there is no usable master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The text is not base64 of 32 bytes. The text itself is not repeated.
    #[error("a master key is 32 bytes in base64, such as `openssl rand -base64 32` prints")]
    NotAKey,
    /// Other users of the machine may read or write the file.
    #[error("{} may be read by others (mode {mode:03o}): make it 600", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file could not be read or created.
    #[error("master key file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl MasterKey {
    /// The key with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Generates a new key.
    pub fn generate(random: &dyn Random) -> Self {
        Self::from_bytes(random::bytes(random))
    }

    /// Decodes base64 of exactly 32 bytes, in the standard or the URL alphabet, with or without padding.
    ///
    /// # Errors
    /// [`MasterKeyError::NotAKey`].
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        let bytes = STANDARD
            .decode(text)
            .ok()
            .or_else(|| from_base64url(text.trim_end_matches('=')));
        let bytes = Zeroizing::new(bytes.ok_or(MasterKeyError::NotAKey)?);
        Ok(Self::from_bytes(
            bytes.as_slice().try_into().map_err(|_| MasterKeyError::NotAKey)?,
        ))
    }

    /// Reads the key in the file at `path`; generates both when there is none. For development: in production
    /// the key comes from a secret store.
    ///
    /// The file has mode 0600 and is on disk before this returns. Of several processes that start at once,
    /// one generates the key and all return that one.
    ///
    /// # Errors
    /// [`MasterKeyError`]; a file that others may read is refused and not repaired, because the key in it
    /// counts as compromised.
    pub fn load_or_create(path: &Path, random: &dyn Random) -> Result<Self, MasterKeyError> {
        let failed = |source| MasterKeyError::File {
            path: path.to_owned(),
            source,
        };
        if !path.try_exists().map_err(failed)? {
            create(path, &Self::generate(random), random).map_err(failed)?;
        }
        Self::load(path)
    }

    /// Reads the key in the file at `path`; refuses a link.
    ///
    /// # Errors
    /// As [`MasterKey::load_or_create`].
    pub fn load(path: &Path) -> Result<Self, MasterKeyError> {
        let failed = |source| MasterKeyError::File {
            path: path.to_owned(),
            source,
        };
        let (mut file, found) = files::read(path).map_err(failed)?;
        let mode = found.permissions().mode() & 0o777;
        if mode & files::OTHERS != 0 {
            return Err(MasterKeyError::Exposed {
                path: path.to_owned(),
                mode,
            });
        }
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text)
    }

    /// Identifies the key without revealing it: the first four bytes of its SHA-256.
    pub fn id(&self) -> [u8; 4] {
        let digest = sha256(self.bytes());
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// The secret itself, for deriving keys.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Creates a complete, flushed file at `path` in one step; a file that another process just created stays.
fn create(path: &Path, key: &MasterKey, random: &dyn Random) -> io::Result<()> {
    let folder = files::folder_of(path);
    files::make_dir(folder)?;
    let unique = u64::from_be_bytes(random::bytes(random));
    let draft = folder.join(format!(".master-key-{}-{unique:016x}", std::process::id()));
    let text = Zeroizing::new(STANDARD.encode(key.bytes()) + "\n");
    files::put_if_absent(path, &draft, text.as_bytes())
}

impl PartialEq for MasterKey {
    fn eq(&self, other: &Self) -> bool {
        same(self.bytes(), other.bytes())
    }
}

impl Eq for MasterKey {}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.id();
        write!(f, "MasterKey({a:02x}{b:02x}{c:02x}{d:02x})")
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test damages the file")]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;
    use mainstay_domain::random::Counting;
    use proptest::prelude::*;
    use std::fs;

    #[test]
    fn the_file_is_made_once_for_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/master.key");
        let first = MasterKey::load_or_create(&path, &SystemRandom).unwrap();
        assert_eq!(MasterKey::load_or_create(&path, &SystemRandom).unwrap(), first);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let files: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(files.len(), 1, "no draft is left behind: {files:?}");
    }

    #[test]
    fn processes_that_start_at_once_agree_on_one_key() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("master.key");
            let start = std::sync::Barrier::new(8);
            let racer = || {
                start.wait();
                MasterKey::load_or_create(&path, &SystemRandom).unwrap()
            };
            let keys: Vec<_> = std::thread::scope(|scope| {
                let racers: Vec<_> = (0..8).map(|_| scope.spawn(racer)).collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).collect()
            });
            assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::load_or_create(&path, &SystemRandom).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = MasterKey::load_or_create(&path, &SystemRandom);
        assert!(
            matches!(refused, Err(MasterKeyError::Exposed { mode: 0o640, .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::load_or_create(&path, &SystemRandom).unwrap();
        fs::write(&path, "c2hvcnQ=\n").unwrap();
        let refused = MasterKey::load_or_create(&path, &SystemRandom);
        assert!(matches!(refused, Err(MasterKeyError::NotAKey)), "{refused:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "c2hvcnQ=\n");
    }

    #[test]
    fn both_alphabets_are_read_and_nothing_secret_is_printed() {
        let key = MasterKey::from_bytes([0xfb; 32]);
        let text = STANDARD.encode([0xfb; 32]);
        assert_eq!(MasterKey::parse(&format!(" {text}\n")).unwrap(), key);
        assert_eq!(
            MasterKey::parse(&super::super::base64url(&[0xfb; 32])).unwrap(),
            key
        );
        assert_ne!(MasterKey::generate(&Counting::default()), key);
        assert_eq!(format!("{key:?}").len(), "MasterKey(01234567)".len());
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,80}") {
            let _ = MasterKey::parse(&text);
        }
    }
}
