//! Reads a part of an archive.

use mainstay_domain::access::Access;
use mainstay_domain::data_export::DataExportId;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};

/// Reads a chunk of the archive of an export of the caller's, by its number from 0; `None` after the last. Not reachable by
/// itself: the download that [`DownloadDataExport`](super::DownloadDataExport) began reads one after the other.
#[derive(Debug, Clone)]
pub struct ReadExportChunk {
    /// The export.
    pub export: DataExportId,
    /// The number of the chunk.
    pub number: u32,
}

impl UseCase for ReadExportChunk {
    const NAME: &'static str = "data-export.read-chunk";
    const ACCESS: Access = Access::session();
    type Output = Option<Vec<u8>>;
}

impl Query for ReadExportChunk {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Option<Vec<u8>>> {
        let (scope, now) = (cx.scope(), cx.now());
        let export = cx.data_exports().find(&scope, self.export).await?;
        if export.archive(now).is_none() {
            return Err(Error::NotFound);
        }
        cx.data_exports().chunk(&scope, &export, self.number).await
    }
}
