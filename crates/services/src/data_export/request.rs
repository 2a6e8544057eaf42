//! Requests an export of the caller's own data.

use super::build::BuildDataExport;
use super::read::DataExportState;
use crate::account::require_step_up;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::data_export::DataExport;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};

/// Requests an export of everything that is stored about the caller's account; needs a step-up. A job makes it, and mails
/// the owner when it can be downloaded.
#[derive(Debug, Clone)]
pub struct RequestDataExport;

impl UseCase for RequestDataExport {
    const NAME: &'static str = "data-export.request";
    const ACCESS: Access = Access::session();
    const RATE: Rate = Rate::per_minute(10);
    type Output = DataExportState;
}

impl Command for RequestDataExport {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<DataExportState> {
        require_step_up(cx).await?;
        let user = cx.user()?;
        check_number(cx).await?;
        let export = DataExport::requested(cx.make_id(), user, cx.now());
        let permit = cx.permit(DataExport::REQUEST, &export)?;
        cx.data_exports().insert(&permit, &export).await?;
        cx.enqueue(&BuildDataExport::of(export.id))?;
        cx.record(permit, DomainEvent::created("data-export.requested", &export));
        Ok(DataExportState { export, progress: 0 })
    }
}

/// Refuses a further export where the account has requested too many of late. Counted in the database, so that the limit
/// holds for all nodes and outlives a restart.
async fn check_number(cx: &mut CommandContext<'_>) -> Result<()> {
    let (user, now, scope) = (cx.user()?, cx.now(), cx.scope());
    let since = now.before(DataExport::PERIOD);
    let requested = cx.data_exports().requested_since(&scope, user, since).await?;
    match requested.get(DataExport::MAX_IN_PERIOD - 1) {
        Some(oldest) => Err(Error::Limited {
            retry_after: oldest.after(DataExport::PERIOD).since(now),
        }),
        None => Ok(()),
    }
}
