//! Exports of everything that is stored about an account, for its owner: a job makes a ZIP archive, which is stored in the
//! database in chunks, so that every node can serve it.

mod archive;
mod build;
mod chunk;
mod download;
mod read;
mod request;

pub use build::{BuildDataExport, BuiltArchive, FailDataExport};
pub use chunk::ReadExportChunk;
pub use download::DownloadDataExport;
pub use read::{DataExportState, ReadDataExport};
pub use request::RequestDataExport;
