//! Begins the download of the caller's export.

use crate::account::require_step_up;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::data_export::{DataExport, DataExportStatus};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use serde_json::json;

/// Begins the download of the export that the caller requested last; needs a step-up, because the archive holds more than
/// a session alone may read, all at once. Its content follows by [`ReadExportChunk`](super::ReadExportChunk).
#[derive(Debug, Clone)]
pub struct DownloadDataExport;

impl UseCase for DownloadDataExport {
    const NAME: &'static str = "data-export.download";
    const ACCESS: Access = Access::session();
    const RATE: Rate = Rate::per_minute(10);
    type Output = DataExport;
}

impl Command for DownloadDataExport {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<DataExport> {
        require_step_up(cx).await?;
        let (user, scope, now) = (cx.user()?, cx.scope(), cx.now());
        let export = cx.data_exports().latest(&scope, user).await?;
        if now >= export.expires_at {
            return Err(Error::NotFound);
        }
        if export.status != DataExportStatus::Done {
            return Err(Error::InvalidState("the export is not done".to_owned()));
        }
        let permit = cx.permit(DataExport::DOWNLOAD, &export)?;
        let facts = json!({"size": export.size});
        let event = DomainEvent::noted("data-export.downloaded", "DOWNLOAD", &facts);
        cx.record(permit, event);
        Ok(export)
    }
}
