//! A fresh, real database for each test.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::is_ci;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use mainstay_domain::access::{Action, Caller, Policy, Resource, SystemCaller, permit};
use mainstay_domain::id::{Id, UserId};
use mainstay_platform::database::{
    Authorized, Change, Database, DatabaseError, DatabaseOptions, Isolation, ReadMode, Select, Tx,
    postgres_client, sqlite_connection,
};

/// Tables in a dialect that both engines read.
pub(crate) const SCHEMA: [&str; 3] = [
    "CREATE TABLE owners (id BIGINT PRIMARY KEY, name TEXT NOT NULL, CONSTRAINT owners_name_key UNIQUE (name))",
    "CREATE TABLE things (id BIGINT PRIMARY KEY, owner BIGINT REFERENCES owners (id), size BIGINT NOT NULL, \
     late BIGINT REFERENCES owners (id) DEFERRABLE INITIALLY DEFERRED, CONSTRAINT things_size_check CHECK (size >= 0))",
    // A column for each type of value; SQLite takes a type that it does not know for a name.
    "CREATE TABLE samples (bigint BIGINT, boolean BOOLEAN, text TEXT, uuid UUID, jsonb JSONB, bytea BYTEA, \
     double_precision DOUBLE PRECISION)",
];

/// The result of a body in these tests.
pub(crate) type Answer<T> = Result<T, DatabaseError>;

/// A SQLite database in a folder of its own.
pub(crate) struct Fixture {
    pub(crate) db: Database,
    pub(crate) options: DatabaseOptions,
    pub(crate) folder: tempfile::TempDir,
}

/// A SQLite database with the tables, opened with options changed by `adjust`.
pub(crate) async fn sqlite(adjust: impl FnOnce(&mut DatabaseOptions)) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let mut options = DatabaseOptions::new(format!(
        "sqlite://{}",
        folder.path().join("deep/main.db").display()
    ));
    let connection = sqlite_connection(&options).unwrap();
    SCHEMA
        .iter()
        .for_each(|table| connection.execute_batch(table).unwrap());
    drop(connection);
    adjust(&mut options);
    Fixture {
        db: Database::open(&options).await.unwrap(),
        options,
        folder,
    }
}

impl Fixture {
    /// The file of the database with something appended to its name.
    pub(crate) fn file(&self, suffix: &str) -> std::path::PathBuf {
        self.folder.path().join(format!("deep/main.db{suffix}"))
    }
}

/// Runs the test on a PostgreSQL database of its own, which is dropped afterwards. Without a server the test prints
/// that it is skipped, and fails where `CI` is set.
pub(crate) async fn postgres<F, R>(adjust: impl FnOnce(&mut DatabaseOptions), test: F)
where
    F: FnOnce(Database, DatabaseOptions) -> R,
    R: Future<Output = ()>,
{
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let base = std::env::var("TEST_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
    let (admin, _task) = match postgres_client(&DatabaseOptions::new(&*base)).await {
        Ok(connected) => connected,
        Err(error) => {
            is_ci::skip("PostgreSQL at TEST_POSTGRES_URL", &error);
            return;
        }
    };
    let name = format!(
        "platform_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    admin
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let (head, query) = base
        .split_once('?')
        .map_or((&*base, String::new()), |(h, q)| (h, format!("?{q}")));
    let server = head.rsplit_once('/').unwrap().0;
    let mut options = DatabaseOptions::new(format!("{server}/{name}{query}"));
    adjust(&mut options);
    let (connection, _task) = postgres_client(&options).await.unwrap();
    connection.batch_execute(&SCHEMA.join(";")).await.unwrap();
    drop(connection);
    let db = Database::open(&options).await.unwrap();
    let outcome = std::panic::AssertUnwindSafe(test(db, options))
        .catch_unwind()
        .await;
    admin
        .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .await
        .unwrap();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// Declares tests that run once on each engine.
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: Database) $body:block)*) => { $(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn test($db: Database) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() {
                let fixture = $crate::fixture::sqlite(|_| {}).await;
                test(fixture.db.clone()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() {
                $crate::fixture::postgres(|_| {}, |db, _| test(db)).await;
            }
        }
    )* };
}

/// Boxes a future, as bodies require.
pub(crate) fn boxed<'t, T>(body: impl Future<Output = Answer<T>> + Send + 't) -> BoxFuture<'t, Answer<T>> {
    Box::pin(body)
}

/// The resource whose permits open the tables of these tests.
pub(crate) struct Owner;

impl Resource for Owner {
    const NAME: &'static str = "owner";
    const POLICY: Policy = Policy {
        visible: &[],
        actions: &[],
    };
    fn id(&self) -> Id<Self> {
        Id::from_uuid(uuid::Uuid::nil())
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}

/// The one action on it.
pub(crate) const UPDATE: Action = Action::new("update");

/// A change with a permit of the system.
pub(crate) fn permitted(change: &Change<Owner>) -> Authorized<'_> {
    let system = Caller::System(SystemCaller::WORKER);
    let permit = permit(&system, UPDATE, &Owner).unwrap();
    change.authorize(&permit, &Owner).unwrap()
}

/// A statement that reads.
#[macro_export]
macro_rules! select {
    ($text:expr) => {{
        use mainstay_platform::database::Select;
        const SELECT: &Select = &Select::new(mainstay_platform::sql!($text));
        SELECT
    }};
}

/// A statement that changes a table of these tests, with a permit.
#[macro_export]
macro_rules! change {
    ($table:literal, $text:expr) => {{
        use mainstay_platform::database::Change;
        static CHANGE: Change<$crate::fixture::Owner> =
            Change::new($table, &[$crate::fixture::UPDATE], mainstay_platform::sql!($text));
        $crate::fixture::permitted(&CHANGE)
    }};
}

pub(crate) const OWNERS: &Select = select!("SELECT id FROM owners ORDER BY id");

pub(crate) fn add_owner() -> Authorized<'static> {
    change!("owners", "INSERT INTO owners (id, name) VALUES ($1, $2)")
}

pub(crate) fn add_thing() -> Authorized<'static> {
    change!(
        "things",
        "INSERT INTO things (id, owner, size, late) VALUES ($1, $2, $3, $4)"
    )
}

/// Adds one owner in the given transaction.
pub(crate) async fn add(tx: &mut Tx, id: i64) -> Answer<u64> {
    let name = format!("owner {id}");
    tx.execute(add_owner(), &[&id, &name]).await
}

/// Adds one owner in a transaction of its own.
pub(crate) async fn add_alone(db: &Database, id: i64) -> Answer<u64> {
    db.write(Isolation::ReadCommitted, move |tx| {
        boxed(async move { add(tx, id).await })
    })
    .await
}

/// The ids of all owners.
pub(crate) async fn owners(db: &Database) -> Vec<i64> {
    db.read(ReadMode::InPlace, |tx| {
        boxed(async move { tx.all(OWNERS, &[]).await })
    })
    .await
    .unwrap()
}
