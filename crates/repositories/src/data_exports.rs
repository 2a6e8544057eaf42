//! The repository of exports of accounts: the exports, the builds that attempt them, and the chunks of their archives.

use crate::outcome::{expect_one_row, found};
use crate::read::Read;
use crate::record;
use crate::record::TextColumn;
use crate::row_filter::{RowFilter, owned};
use crate::rows::{Rows, Table, Unique};
use mainstay_domain::Result;
use mainstay_domain::access::{Action, BulkPermit, Permit, Scope};
use mainstay_domain::data_export::{DataExport, DataExportId};
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::User;
use mainstay_platform::database::{BulkChange, Change, Param};
use uuid::Uuid;

record! {
    DataExport as columns {
        id, user_id,
        status: TextColumn,
        size, build_id, created_at, finished_at, expires_at,
    }
}

impl Table for DataExport {
    const TABLE: &'static str = "data_exports";
    const OWNER: Option<&'static str> = Some("user_id");
    const INSERT: &'static [Action] = &[DataExport::REQUEST];
    const UPDATE: &'static [Action] = &[DataExport::FINISH, DataExport::FAIL];
    const UNIQUE: &'static [Unique] = &[Unique::new("user_id", "an export is being made already")];
}

statements! {
    LATEST = concat!("SELECT ", columns!(), " FROM data_exports WHERE user_id = $1 ORDER BY id DESC LIMIT 1");
    REQUESTED_SINCE = "SELECT created_at FROM data_exports WHERE user_id = $1 AND created_at > $2 ORDER BY created_at DESC";
    PROGRESS = "SELECT max(progress) FROM data_export_builds WHERE export_id = $1";
    CHUNK = "SELECT content FROM data_export_chunks WHERE build_id = $1 AND number = $2";
}

changes! {
    REMOVE_ALL: Change<User>, "data_exports", [User::DELETE] =
        "DELETE FROM data_exports WHERE user_id = $1";
    PRUNE: BulkChange<DataExport>, "data_exports", [DataExport::PRUNE] =
        "DELETE FROM data_exports WHERE expires_at < $1";
}

repository! {
    /// The table of exports.
    DataExports
}

impl DataExports<'_> {
    /// Finds an export by its id.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for an export outside of the scope.
    pub async fn find(&mut self, scope: &Scope<DataExport>, id: DataExportId) -> Result<DataExport> {
        Rows::new(self.0).find(scope, id).await
    }

    /// The export of an account that was requested last.
    ///
    /// # Errors
    /// `NOT_FOUND` where there is none within the scope.
    pub async fn latest(&mut self, scope: &Scope<DataExport>, user: UserId) -> Result<DataExport> {
        match includes(scope, user) {
            true => found(self.0.optional(&LATEST, &[&user]).await?),
            false => found(None::<Read<DataExport>>),
        }
    }

    /// When an account requested its exports after an instant, the last one first.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn requested_since(
        &mut self,
        scope: &Scope<DataExport>,
        user: UserId,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>> {
        match includes(scope, user) {
            true => Ok(self.0.all(&REQUESTED_SINCE, &[&user, &since]).await?),
            false => Ok(Vec::new()),
        }
    }

    /// How far an export within the scope is, in thousandths.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn progress(&mut self, scope: &Scope<DataExport>, export: &DataExport) -> Result<i64> {
        if !includes(scope, export.user_id) {
            return Ok(0);
        }
        let progress: Option<i64> = self.0.one(&PROGRESS, &[&export.id]).await?;
        Ok(progress.unwrap_or(0))
    }

    /// A chunk of the archive of an export within the scope, by its number from 0; `None` after the last.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn chunk(
        &mut self,
        scope: &Scope<DataExport>,
        export: &DataExport,
        number: u32,
    ) -> Result<Option<Vec<u8>>> {
        match export.build_id.filter(|_| includes(scope, export.user_id)) {
            Some(build) => Ok(self.0.optional(&CHUNK, &[&build, &number]).await?),
            None => Ok(None),
        }
    }

    /// Inserts an export.
    ///
    /// # Errors
    /// `CONFLICT` when the account has one that is running.
    pub async fn insert(&mut self, permit: &Permit<DataExport>, export: &DataExport) -> Result<()> {
        Rows::new(self.0).insert(permit, export).await
    }

    /// Stores what became of an export.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`](mainstay_platform::database::DatabaseError::Retry) when it was removed meanwhile.
    pub async fn save(&mut self, permit: &Permit<DataExport>, export: &DataExport) -> Result<()> {
        Rows::new(self.0).update(permit, export).await
    }

    /// Removes every export of an account, with its archive.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn remove_all(&mut self, permit: &Permit<User>, user: &User) -> Result<u64> {
        let remove = REMOVE_ALL.authorize(permit, user)?;
        Ok(self.0.execute(remove, &[&user.id]).await?)
    }

    /// Removes exports that expired before an instant, with their archives; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, permit: &BulkPermit<DataExport>, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.authorize(permit)?, &[&before]).await?)
    }
}

internal_changes! {
    BEGIN: DataExportBuilds =
        "INSERT INTO data_export_builds (id, export_id, progress) VALUES ($1, $2, 0)";
    ADVANCE: DataExportBuilds =
        "UPDATE data_export_builds SET progress = $2 WHERE id = $1";
    REMOVE_OTHERS: DataExportBuilds =
        "DELETE FROM data_export_builds WHERE export_id = $1 AND id <> $2";
    STORE: DataExportChunks =
        "INSERT INTO data_export_chunks (build_id, number, content) VALUES ($1, $2, $3)";
}

/// The builds of an export, and the chunks that they write. Only the worker that makes the archive has the build's id.
impl DataExports<'_> {
    /// Begins a build of an export.
    ///
    /// # Errors
    /// Only the database's; also when the export is gone.
    pub async fn begin_build(&mut self, export: DataExportId, build: Uuid) -> Result<()> {
        self.0.execute(BEGIN.exempt(), &[&build, &export]).await?;
        Ok(())
    }

    /// Stores how far a build is, in thousandths.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`](mainstay_platform::database::DatabaseError::Retry) when it is gone.
    pub async fn advance_build(&mut self, build: Uuid, progress: i64) -> Result<()> {
        expect_one_row(self.0.execute(ADVANCE.exempt(), &[&build, &progress]).await?)
    }

    /// Stores the next chunk of a build.
    ///
    /// # Errors
    /// Only the database's; also when the build is gone.
    pub async fn store_chunk(&mut self, build: Uuid, number: u32, content: &[u8]) -> Result<()> {
        let values: [&dyn Param; 3] = [&build, &number, &content];
        self.0.execute(STORE.exempt(), &values).await?;
        Ok(())
    }

    /// Removes every build of an export but one, with its chunks.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn remove_other_builds(&mut self, export: DataExportId, build: Uuid) -> Result<()> {
        self.0.execute(REMOVE_OTHERS.exempt(), &[&export, &build]).await?;
        Ok(())
    }
}

fn includes(scope: &Scope<DataExport>, user: UserId) -> bool {
    match owned(scope) {
        RowFilter::All => true,
        RowFilter::Of(owner) => owner == user,
        RowFilter::None => false,
    }
}
