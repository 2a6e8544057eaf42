//! Makes the archive of an export.

use super::archive::Archive;
use crate::mail::{self, AccountMail};
use mainstay_domain::access::Access;
use mainstay_domain::data_export::{DataExport, DataExportId, DataExportStatus};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::{UserId, uuid_v7};
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::job::JobSpec;
use mainstay_engine::{
    BackgroundJob, Command, CommandContext, PrepareContext, PreparedCommand, Repositories, UseCase,
};
use mainstay_repositories::{PersonalFile, PersonalPage, PersonalPosition, PersonalTable, personal_files};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Makes the archive of an export, page by page, and informs the owner when it is done. Each attempt writes chunks of its
/// own; the transaction that marks the job done names those that count.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuildDataExport {
    export: DataExportId,
}

/// The archive that an attempt has written.
#[derive(Debug, Clone, Copy)]
pub struct BuiltArchive {
    build: Uuid,
    size: i64,
}

impl BuildDataExport {
    /// The job for an export.
    pub(super) fn of(export: DataExportId) -> Self {
        Self { export }
    }
}

impl UseCase for BuildDataExport {
    const NAME: &'static str = "data-export.build";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl BackgroundJob for BuildDataExport {
    const QUEUE: &'static str = "exports";
    const MAX_ATTEMPTS: u32 = 5;
    const TIMEOUT: Duration = Duration::from_hours(1);

    fn on_dead(&self) -> Result<Option<JobSpec>> {
        JobSpec::of(&FailDataExport { export: self.export }).map(Some)
    }
}

impl PreparedCommand for BuildDataExport {
    /// `None` where there is nothing to make: the account or the export is gone.
    type Prepared = Option<BuiltArchive>;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<Option<BuiltArchive>> {
        let Some(user) = find_user(cx, self.export).await? else {
            return Ok(None);
        };
        let mut builder = Builder::begin(cx, self.export, user).await?;
        let files = personal_files();
        let manifest = json!({
            "accountId": user, "createdAt": cx.now(),
            "files": files.iter().map(|file| format!("{}.json", file.name)).collect::<Vec<_>>(),
        });
        builder.archive.file("manifest", &manifest)?;
        for (number, file) in files.iter().enumerate() {
            builder.add(file).await?;
            builder.advance((number + 1, files.len())).await?;
        }
        Box::pin(builder.finish()).await.map(Some)
    }

    async fn run(self, built: Option<BuiltArchive>, cx: &mut CommandContext<'_>) -> Result<()> {
        let (Some(built), scope, now) = (built, cx.scope::<DataExport>(), cx.now()) else {
            return Ok(());
        };
        let Some(before) = unless_gone(cx.data_exports().find(&scope, self.export).await)? else {
            return Ok(());
        };
        let permit = cx.permit(DataExport::FINISH, &before)?;
        let after = before.clone().done(built.build, built.size, now);
        cx.data_exports().save(&permit, &after).await?;
        cx.data_exports()
            .remove_other_builds(after.id, built.build)
            .await?;
        cx.record(
            permit,
            DomainEvent::acted("data-export.done", "FINISH", &before, &after),
        );
        let users = cx.scope::<User>();
        let until = after.expires_at;
        match unless_gone(cx.users().find(&users, after.user_id).await)? {
            Some(owner) => mail::send(cx, &owner, AccountMail::DataExportReady { until }),
            None => Ok(()),
        }
    }
}

/// The owner of an export that is still to be made; `None` when either is gone.
async fn find_user(cx: &PrepareContext<'_>, export: DataExportId) -> Result<Option<UserId>> {
    let read = cx.read(move |cx| {
        Box::pin(async move {
            let (exports, users) = (cx.scope::<DataExport>(), cx.scope::<User>());
            let export = cx.data_exports().find(&exports, export).await?;
            if export.status != DataExportStatus::Running {
                return Err(Error::NotFound);
            }
            cx.users().find(&users, export.user_id).await
        })
    });
    Ok(unless_gone(read.await)?.map(|user| user.id))
}

fn unless_gone<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// One attempt to make an archive.
struct Builder<'b, 'o> {
    cx: &'b PrepareContext<'o>,
    user: UserId,
    build: Uuid,
    archive: Archive,
    chunks: u32,
    size: i64,
}

impl<'b, 'o> Builder<'b, 'o> {
    async fn begin(cx: &'b PrepareContext<'o>, export: DataExportId, user: UserId) -> Result<Self> {
        let build = uuid_v7(cx.now(), cx.random());
        cx.write(move |mut write| {
            Box::pin(async move { write.data_exports().begin_build(export, build).await })
        })
        .await?;
        Ok(Self {
            cx,
            user,
            build,
            archive: Archive::new(),
            chunks: 0,
            size: 0,
        })
    }

    /// Adds a file, reading one page after the other.
    async fn add(&mut self, file: &PersonalFile) -> Result<()> {
        if file.is_one {
            let table = file
                .tables
                .first()
                .copied()
                .ok_or_else(|| Error::bug("a file has no table"))?;
            let rows = self.page(table, None).await?.rows;
            return self.archive.file(file.name, &rows.first());
        }
        self.archive.begin_list(file.name)?;
        for &table in &file.tables {
            let mut after = None;
            loop {
                let page = self.page(table, after).await?;
                for row in &page.rows {
                    self.archive.entry(row)?;
                }
                while let Some(chunk) = self.archive.chunk() {
                    self.store(chunk).await?;
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        self.archive.end_list()
    }

    async fn page(
        &self,
        table: &'static PersonalTable,
        after: Option<PersonalPosition>,
    ) -> Result<PersonalPage> {
        let user = self.user;
        let read = self.cx.read(move |cx| {
            Box::pin(async move {
                let scope = cx.scope::<User>();
                table.page(cx.tx(), &scope, user, after).await
            })
        });
        read.await
    }

    async fn store(&mut self, chunk: Vec<u8>) -> Result<()> {
        let (build, number, chunk) = (self.build, self.chunks, Arc::new(chunk));
        self.size += i64::try_from(chunk.len()).unwrap_or(i64::MAX);
        self.chunks += 1;
        self.cx
            .write(move |mut write| {
                let chunk = Arc::clone(&chunk);
                Box::pin(async move { write.data_exports().store_chunk(build, number, &chunk).await })
            })
            .await
    }

    /// Stores how many of the files are done.
    async fn advance(&self, (done, all): (usize, usize)) -> Result<()> {
        let build = self.build;
        let progress = i64::try_from(done * 1000 / all.max(1)).unwrap_or(0);
        self.cx
            .write(move |mut write| {
                Box::pin(async move { write.data_exports().advance_build(build, progress).await })
            })
            .await
    }

    async fn finish(mut self) -> Result<BuiltArchive> {
        let archive = std::mem::replace(&mut self.archive, Archive::new());
        for chunk in archive.finish()? {
            self.store(chunk).await?;
        }
        Ok(BuiltArchive {
            build: self.build,
            size: self.size,
        })
    }
}

/// Marks an export as failed, whose job is dead: its owner may request another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FailDataExport {
    export: DataExportId,
}

impl UseCase for FailDataExport {
    const NAME: &'static str = "data-export.fail";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl BackgroundJob for FailDataExport {}

impl Command for FailDataExport {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let (scope, now) = (cx.scope::<DataExport>(), cx.now());
        let Some(before) = unless_gone(cx.data_exports().find(&scope, self.export).await)? else {
            return Ok(());
        };
        if before.status != DataExportStatus::Running {
            return Ok(());
        }
        let permit = cx.permit(DataExport::FAIL, &before)?;
        let after = before.clone().failed(now);
        cx.data_exports().save(&permit, &after).await?;
        cx.data_exports()
            .remove_other_builds(after.id, Uuid::nil())
            .await?;
        let event = DomainEvent::acted("data-export.failed", "FAIL", &before, &after);
        cx.record(permit, event);
        let users = cx.scope::<User>();
        match unless_gone(cx.users().find(&users, after.user_id).await)? {
            Some(owner) => mail::send(cx, &owner, AccountMail::DataExportFailed),
            None => Ok(()),
        }
    }
}
