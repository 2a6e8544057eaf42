//! A ZIP archive that is written piece by piece.

use mainstay_domain::{Error, Result};
use parking_lot::Mutex;
use serde::Serialize;
use std::io::{self, Write};
use std::sync::Arc;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// The size of a chunk in bytes: what a response whose length is not known counts as.
const CHUNK_BYTES: usize = 64 * 1024;

/// A ZIP archive of JSON files. What it writes is taken from it in chunks, so it is never in memory as a whole.
pub(super) struct Archive {
    zip: ZipWriter<StreamWriter<Buffer>>,
    written: Buffer,
    /// Whether the open file, a list, has an entry already.
    has_entry: bool,
}

/// The bytes that were written and are not in a chunk yet.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Archive {
    /// An empty archive.
    pub(super) fn new() -> Self {
        let written = Buffer::default();
        Self {
            zip: ZipWriter::new_stream(written.clone()),
            written,
            has_entry: false,
        }
    }

    /// Adds a file with one value.
    pub(super) fn file(&mut self, name: &str, value: &impl Serialize) -> Result<()> {
        self.start(name)?;
        serde_json::to_writer_pretty(&mut self.zip, value).map_err(Error::internal)
    }

    /// Begins a file with a list, whose entries follow.
    pub(super) fn begin_list(&mut self, name: &str) -> Result<()> {
        self.start(name)?;
        self.has_entry = false;
        self.write(b"[")
    }

    /// Adds an entry to the list, on a line of its own.
    pub(super) fn entry(&mut self, value: &impl Serialize) -> Result<()> {
        let separator: &[u8] = if self.has_entry { b",\n" } else { b"\n" };
        self.has_entry = true;
        self.write(separator)?;
        serde_json::to_writer(&mut self.zip, value).map_err(Error::internal)
    }

    /// Ends the list.
    pub(super) fn end_list(&mut self) -> Result<()> {
        self.write(b"\n]\n")
    }

    /// Takes the next whole chunk, if there is one.
    pub(super) fn chunk(&self) -> Option<Vec<u8>> {
        let mut written = self.written.0.lock();
        (written.len() >= CHUNK_BYTES).then(|| written.drain(..CHUNK_BYTES).collect())
    }

    /// Ends the archive; returns the chunks that are left.
    pub(super) fn finish(self) -> Result<Vec<Vec<u8>>> {
        self.zip.finish().map_err(Error::internal)?;
        let written = std::mem::take(&mut *self.written.0.lock());
        Ok(written.chunks(CHUNK_BYTES).map(<[u8]>::to_vec).collect())
    }

    fn start(&mut self, name: &str) -> Result<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.zip
            .start_file(format!("{name}.json"), options)
            .map_err(Error::internal)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.zip.write_all(bytes).map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::io::{Cursor, Read as _};
    use zip::ZipArchive;

    #[test]
    fn what_is_taken_in_chunks_is_one_archive_and_little_of_it_is_ever_in_memory() {
        let mut archive = Archive::new();
        archive.file("one", &json!({"a": 1})).unwrap();
        archive.begin_list("empty").unwrap();
        archive.end_list().unwrap();
        archive.begin_list("many").unwrap();
        let (mut bytes, mut chunks) = (Vec::new(), 0);
        for number in 0..40_000_u64 {
            // Hardly compressible.
            let noise = mainstay_platform::crypto::sha256(&number.to_be_bytes());
            archive.entry(&json!({"number": number, "noise": noise})).unwrap();
            while let Some(chunk) = archive.chunk() {
                assert_eq!(chunk.len(), CHUNK_BYTES);
                bytes.extend(chunk);
                chunks += 1;
            }
            assert!(archive.written.0.lock().len() < CHUNK_BYTES);
        }
        archive.end_list().unwrap();
        for chunk in archive.finish().unwrap() {
            bytes.extend(chunk);
        }
        assert!(chunks > 10, "{chunks}");
        let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut read = |name: &str| -> Value {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            serde_json::from_str(&text).unwrap()
        };
        assert_eq!(read("one.json"), json!({"a": 1}));
        assert_eq!(read("empty.json"), json!([]));
        assert_eq!(read("many.json").as_array().unwrap().len(), 40_000);
    }
}
