//! Reads how far the caller's export is.

use mainstay_domain::access::Access;
use mainstay_domain::data_export::{DataExport, DataExportStatus};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};
use serde::{Deserialize, Serialize};

/// An export, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataExportState {
    /// The export.
    pub export: DataExport,
    /// In thousandths.
    pub progress: i64,
}

/// Reads the export that the caller requested last.
#[derive(Debug, Clone)]
pub struct ReadDataExport;

impl UseCase for ReadDataExport {
    const NAME: &'static str = "data-export.read";
    const ACCESS: Access = Access::session();
    type Output = DataExportState;
}

impl Query for ReadDataExport {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<DataExportState> {
        let user = cx.caller().user_id();
        let user = user.ok_or(Error::Unauthenticated(Unauthenticated::Missing))?;
        let (scope, now) = (cx.scope(), cx.now());
        let export = cx.data_exports().latest(&scope, user).await?;
        if now >= export.expires_at {
            return Err(Error::NotFound);
        }
        let progress = match export.status {
            DataExportStatus::Done => 1000,
            _ => cx.data_exports().progress(&scope, &export).await?,
        };
        Ok(DataExportState { export, progress })
    }
}
