//! The anchor: the newest head, stored in a file beside the database, so that a database restored to an older state
//! is detected too.

use super::{anchor_file as file, chain};
use mainstay_domain::audit::ChainHead;
use mainstay_platform::crypto::seal::Sealer;
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The content of the anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Anchor {
    /// No file, as before the first entry was linked on this machine; or the file was removed.
    Absent,
    /// A file that Mainstay did not seal, or that cannot be read.
    Invalid,
    /// A sealed head.
    Held(ChainHead),
}

/// Whether the chain could be compared with an anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AnchorState {
    /// There was none, so a database restored to an older state would not be detected.
    Absent,
    /// The file does not hold a sealed head.
    Invalid,
    /// The file held a sealed head.
    Held,
}

impl Anchor {
    /// The stored head, if there is one.
    pub(super) fn head(&self) -> Option<&ChainHead> {
        match self {
            Self::Held(head) => Some(head),
            Self::Absent | Self::Invalid => None,
        }
    }

    pub(super) fn state(&self) -> AnchorState {
        match self {
            Self::Absent => AnchorState::Absent,
            Self::Invalid => AnchorState::Invalid,
            Self::Held(_) => AnchorState::Held,
        }
    }
}

/// The file of the anchor, and the key that its content is sealed with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AnchorStore {
    data_dir: Arc<PathBuf>,
    sealer: Arc<Sealer>,
}

impl AnchorStore {
    /// The anchor in a folder, which need not exist yet.
    pub(crate) fn new(data_dir: PathBuf, sealer: Arc<Sealer>) -> Self {
        Self {
            data_dir: Arc::new(data_dir),
            sealer,
        }
    }

    /// Stores a head, unless the file holds a later one or an invalid one. The file is replaced whole and is on the
    /// disk when this returns, so a crash leaves the old one or the new one.
    pub(super) async fn keep(&self, head: ChainHead) -> io::Result<()> {
        self.blocking(move |data_dir, sealer| {
            let _turn = file::lock(data_dir)?;
            match load(data_dir, sealer) {
                Anchor::Held(kept) if kept.seq >= head.seq => Ok(()),
                // An invalid file is evidence, so it stays.
                Anchor::Invalid => Err(io::Error::other("there is one that was not sealed by us")),
                Anchor::Held(_) | Anchor::Absent => file::replace(data_dir, &written(sealer, &head)),
            }
        })
        .await
    }

    /// Stores a head that an administrator accepted, whatever the file holds. An invalid file is moved to
    /// `audit.anchor.refused`.
    pub(super) async fn renew(&self, head: ChainHead) -> io::Result<()> {
        self.blocking(move |data_dir, sealer| {
            let _turn = file::lock(data_dir)?;
            if load(data_dir, sealer) == Anchor::Invalid {
                file::set_aside(data_dir)?;
            }
            file::replace(data_dir, &written(sealer, &head))
        })
        .await
    }

    /// Reads the anchor.
    pub(super) async fn read(&self) -> Anchor {
        let read = self.blocking(|data_dir, sealer| Ok(load(data_dir, sealer)));
        read.await.unwrap_or(Anchor::Invalid)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path, &Sealer) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let store = self.clone();
        let working = move || work(&store.data_dir, &store.sealer);
        let done = tokio::task::spawn_blocking(working).await;
        done.unwrap_or_else(|broken_off| Err(io::Error::other(broken_off)))
    }
}

fn load(data_dir: &Path, sealer: &Sealer) -> Anchor {
    match file::read(data_dir) {
        Ok(Some(text)) => parse(&text, sealer).map_or(Anchor::Invalid, Anchor::Held),
        Ok(None) => Anchor::Absent,
        Err(error) => {
            tracing::debug!(%error, "the anchor of the audit chain cannot be read");
            Anchor::Invalid
        }
    }
}

fn written(sealer: &Sealer, head: &ChainHead) -> String {
    let seal = chain::seal(sealer, head);
    format!("{} {} {}\n", head.seq, hex(&head.hash), hex(&seal))
}

fn parse(text: &str, sealer: &Sealer) -> Option<ChainHead> {
    let mut words = text.split_whitespace();
    let seq = words.next()?.parse().ok()?;
    let (hash, seal) = (unhex(words.next()?)?, unhex(words.next()?)?);
    let head = ChainHead { seq, hash };
    chain::is_sealed(sealer, &head, &seal).then_some(head)
}

/// Bytes as hexadecimal text.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes from hexadecimal text; `None` when it is not hexadecimal.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test damages the file")]
mod tests {
    use super::*;
    use mainstay_platform::crypto::master_key::MasterKey;
    use std::fs;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(MasterKey::from_bytes([byte; 32]), Vec::new())
    }

    #[test]
    fn a_head_is_read_as_it_was_written_and_by_the_holder_of_the_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("not/there/yet");
        assert_eq!(load(&deep, &sealer(1)), Anchor::Absent);
        let head = ChainHead {
            seq: 5,
            hash: vec![7; 32],
        };
        let _turn = file::lock(&deep).unwrap();
        file::replace(&deep, &written(&sealer(1), &head)).unwrap();
        assert_eq!(load(&deep, &sealer(1)), Anchor::Held(head));
        assert_eq!(load(&deep, &sealer(2)), Anchor::Invalid);
        for damaged in ["", "5", "5 07 07", "\u{fc}", "5 zz 07"] {
            fs::write(deep.join("audit.anchor"), damaged).unwrap();
            assert_eq!(load(&deep, &sealer(1)), Anchor::Invalid, "{damaged}");
        }
        fs::write(deep.join("audit.anchor"), b"\xff\xfe").unwrap();
        assert_eq!(load(&deep, &sealer(1)), Anchor::Invalid);
    }
}
