//! The representation of what an owner does with all of an account at once: its export, its deletion.

use mainstay_domain::data_export::{DataExportId, DataExportStatus};
use mainstay_domain::time::Timestamp;
use mainstay_services::data_export::DataExportState;
use mainstay_services::user::RequestedDeletion;
use serde::Serialize;
use utoipa::ToSchema;

/// An export of everything that is stored about the caller's account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DataExport)]
pub struct DataExportView {
    #[schema(value_type = String, format = Uuid)]
    id: DataExportId,
    #[schema(value_type = DataExportStatusShape)]
    status: DataExportStatus,
    /// From 0 to 1.
    progress: f64,
    /// In bytes; null before it is done.
    #[schema(required)]
    size: Option<i64>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    finished_at: Option<Timestamp>,
    /// When it is removed.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// How far an export is.
#[derive(ToSchema)]
#[schema(as = DataExportStatus, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is shown")]
pub(crate) enum DataExportStatusShape {
    Running,
    Done,
    Failed,
}

impl From<DataExportState> for DataExportView {
    #[expect(
        clippy::float_arithmetic,
        reason = "progress is shown as a part of one; no amount is computed"
    )]
    fn from(DataExportState { export, progress }: DataExportState) -> Self {
        Self {
            id: export.id,
            status: export.status,
            progress: f64::from(u16::try_from(progress).unwrap_or(0)) / 1000.0,
            size: export.size,
            created_at: export.created_at,
            finished_at: export.finished_at,
            expires_at: export.expires_at,
        }
    }
}

/// The deletion that the owner of an account has requested.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RequestedDeletion)]
pub struct RequestedDeletionView {
    /// When the account is deleted unless it is restored before.
    #[schema(value_type = String, format = DateTime)]
    deletion_at: Timestamp,
}

impl RequestedDeletionView {
    /// `None` for an account that is deleted already.
    pub fn of(requested: RequestedDeletion) -> Option<Self> {
        requested.deletion_at.map(|deletion_at| Self { deletion_at })
    }
}
