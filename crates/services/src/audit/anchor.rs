//! The anchor: the newest head, kept in a file beside the database, so that a database that was put back to an
//! older state is seen too.

use super::chain;
use crate::services::Services;
use mainstay_domain::audit::ChainHead;
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::files;
use serde::Serialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What is kept beside the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Nothing, as before the first entry was linked on this machine. Or somebody removed it.
    Absent,
    /// Something that we did not seal, or that cannot be read.
    Invalid,
    /// A head.
    Held(ChainHead),
}

/// Whether there was a head beside the database to hold the chain against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AnchorState {
    /// There was none, so a database that was put back to an older state would not be noticed.
    Absent,
    /// There was something that is none.
    Invalid,
    /// There was one.
    Held,
}

impl Anchor {
    /// The head that is held.
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

/// Where the anchor is kept.
fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("audit.anchor")
}

/// Keeps a head, unless a later one or something that is none is kept already. The file is replaced whole and is on
/// the disk when this ends, so a crash leaves the old one or the new one.
pub(super) async fn keep(services: &Services, head: ChainHead, seal: Vec<u8>) -> io::Result<()> {
    let services = services.clone();
    let replacing = move || {
        let (data_dir, sealer) = (&services.policies().data_dir, &services.parts().sealer);
        replace(data_dir, sealer, &head, &seal)
    };
    let kept = tokio::task::spawn_blocking(replacing).await;
    kept.unwrap_or_else(|broken_off| Err(io::Error::other(broken_off)))
}

fn replace(data_dir: &Path, sealer: &Sealer, head: &ChainHead, seal: &[u8]) -> io::Result<()> {
    files::make_dir(data_dir)?;
    // Two processes that share the folder take turns, or the slower one would put its older head over the newer.
    let turn = files::open_append(&data_dir.join("audit.anchor.lock"))?;
    turn.lock()?;
    match look(data_dir, sealer) {
        Anchor::Held(kept) if kept.seq >= head.seq => return Ok(()),
        // It is evidence.
        Anchor::Invalid => return Err(io::Error::other("there is one that was not sealed by us")),
        Anchor::Held(_) | Anchor::Absent => {}
    }
    let new = data_dir.join("audit.anchor.new");
    let line = format!("{} {} {}\n", head.seq, hex(&head.hash), hex(seal));
    files::replace(&path(data_dir), &new, line.as_bytes())
}

/// What is kept.
pub(super) async fn read(services: &Services) -> Anchor {
    let services = services.clone();
    let looking = move || look(&services.policies().data_dir, &services.parts().sealer);
    let looked = tokio::task::spawn_blocking(looking).await;
    looked.unwrap_or(Anchor::Invalid)
}

fn look(data_dir: &Path, sealer: &Sealer) -> Anchor {
    match fs::read_to_string(path(data_dir)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Anchor::Absent,
        Err(_) => Anchor::Invalid,
        Ok(text) => parse(&text, sealer).map_or(Anchor::Invalid, Anchor::Held),
    }
}

fn parse(text: &str, sealer: &Sealer) -> Option<ChainHead> {
    let mut words = text.split_whitespace();
    let seq = words.next()?.parse().ok()?;
    let (hash, seal) = (unhex(words.next()?)?, unhex(words.next()?)?);
    let head = ChainHead { seq, hash };
    chain::is_sealed(sealer, &head, &seal).then_some(head)
}

/// Bytes as people read them.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test damages the file")]
mod tests {
    use super::*;
    use mainstay_platform::crypto::master_key::MasterKey;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(MasterKey::from_bytes([byte; 32]), Vec::new())
    }

    fn head(seq: i64) -> ChainHead {
        ChainHead {
            seq,
            hash: vec![7; 32],
        }
    }

    fn put(folder: &Path, seq: i64) -> io::Result<()> {
        let head = head(seq);
        replace(folder, &sealer(1), &head, &chain::seal(&sealer(1), &head))
    }

    #[test]
    fn the_latest_head_stays_whoever_comes_later() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("not/there/yet");
        assert_eq!(look(&deep, &sealer(1)), Anchor::Absent);
        for seq in [5, 4, 5] {
            put(&deep, seq).unwrap();
            assert_eq!(look(&deep, &sealer(1)), Anchor::Held(head(5)));
        }
        std::thread::scope(|all| {
            for seq in 6..40 {
                let deep = &deep;
                all.spawn(move || put(deep, seq).unwrap());
            }
        });
        assert_eq!(look(&deep, &sealer(1)), Anchor::Held(head(39)));
    }

    #[test]
    fn what_is_not_ours_is_invalid_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), 5).unwrap();
        assert_eq!(look(folder.path(), &sealer(2)), Anchor::Invalid);
        for damaged in ["", "5", "5 07 07", "\u{fc}", "5 zz 07"] {
            fs::write(path(folder.path()), damaged).unwrap();
            assert_eq!(look(folder.path(), &sealer(1)), Anchor::Invalid, "{damaged}");
        }
        assert!(put(folder.path(), 6).is_err());
        assert_eq!(look(folder.path(), &sealer(1)), Anchor::Invalid);
    }
}
