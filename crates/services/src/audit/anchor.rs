//! The anchor: the newest head, kept in a file beside the database, so that a database that was put back to an
//! older state is seen too.

use super::chain;
use mainstay_domain::audit::ChainHead;
use mainstay_platform::crypto::seal::Sealer;
use std::io;
use std::path::{Path, PathBuf};

/// Where the anchor is kept.
pub(super) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("audit.anchor")
}

/// Keeps a head. The file is replaced whole, so a crash leaves the old one or the new one.
pub(super) async fn keep(data_dir: &Path, head: &ChainHead, seal: &[u8]) -> io::Result<()> {
    let text = format!("{} {} {}\n", head.seq, hex(&head.hash), hex(seal));
    let (whole, half) = (path(data_dir), data_dir.join("audit.anchor.new"));
    tokio::fs::create_dir_all(data_dir).await?;
    tokio::fs::write(&half, text).await?;
    tokio::fs::rename(&half, &whole).await
}

/// The head that was kept, when there is one and we sealed it.
pub(super) async fn read(data_dir: &Path, sealer: &Sealer) -> Option<ChainHead> {
    let text = tokio::fs::read_to_string(path(data_dir)).await.ok()?;
    let mut words = text.split_whitespace();
    let seq = words.next()?.parse().ok()?;
    let (hash, seal) = (unhex(words.next()?)?, unhex(words.next()?)?);
    let head = ChainHead { seq, hash };
    chain::is_sealed(sealer, &head, &seal).then_some(head)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(byte).collect()
}
