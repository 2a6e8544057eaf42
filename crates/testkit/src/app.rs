//! The app under test.

use crate::client::Client;
use crate::database::{DatabaseHold, TestDatabase, apart};
use crate::engine::Engine;
use crate::gateway::FakeGateway;
use crate::heads::RecordedHeads;
use crate::jobs;
use crate::log::RequestLog;
use crate::mailbox::Mailbox;
use crate::node::{Node, Setup, outside};
use crate::tcp_proxy::TcpProxy;
use mainstay_app::{App, AppBuilder, Dependencies, PeriodicTasks};
use mainstay_domain::time::{Clock, Timestamp};
use mainstay_platform::clock::ManualClock;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The time at which every test starts, in seconds since the Unix epoch.
const START: i64 = 1_795_341_600;

/// An app over a database of its own, listening on a port of its own.
pub struct TestApp {
    /// Changes only when a test advances or sets it.
    pub clock: Arc<ManualClock>,
    /// Receives all mail of the app.
    pub mailbox: Arc<Mailbox>,
    /// Receives all payments of the app.
    pub gateway: Arc<FakeGateway>,
    /// Receives the heads of the audit chain.
    pub heads: Arc<RecordedHeads>,
    node: Node,
    setup: Setup,
    database: TestDatabase,
    tcp_proxy: Option<TcpProxy>,
    log: RequestLog,
    jobs_may_stay: AtomicBool,
}

/// The fakes of an app.
pub(crate) struct Fakes {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) gateway: Arc<FakeGateway>,
    pub(crate) heads: Arc<RecordedHeads>,
}

impl TestApp {
    /// Starts Mainstay without additions, with the given settings on top of those that tests need, by their variables
    /// (`[("RATE_LIMITS", "on")]`). `None` when the engine is not available here, which is reported as a skipped test.
    pub async fn start(engine: Engine, settings: &[(&str, &str)]) -> Option<Self> {
        Self::start_app(App::builder(), engine, settings).await
    }

    /// Starts any application in the same way.
    ///
    /// # Panics
    /// When the application cannot be composed.
    pub async fn start_app(app: AppBuilder, engine: Engine, settings: &[(&str, &str)]) -> Option<Self> {
        let app = app.build().unwrap_or_else(|error| panic!("{error}"));
        let database = TestDatabase::make(engine).await?;
        let url = database.url.clone();
        Some(Self::over(app, database, &url, None, settings).await)
    }

    /// Starts an app that reaches its PostgreSQL through a proxy whose connections can be cut. `None` when there is no
    /// server here, which is reported as a skipped test.
    pub async fn start_behind_a_proxy() -> Option<Self> {
        let database = TestDatabase::make(Engine::Postgres).await?;
        let tcp_proxy = TcpProxy::to(&database.url).await;
        let url = tcp_proxy.over(&database.url);
        let app = App::builder().build().unwrap_or_else(|error| panic!("{error}"));
        Some(Self::over(app, database, &url, Some(tcp_proxy), &[]).await)
    }

    async fn over(
        app: App,
        database: TestDatabase,
        url: &str,
        tcp_proxy: Option<TcpProxy>,
        settings: &[(&str, &str)],
    ) -> Self {
        let fakes = Fakes {
            clock: Arc::new(ManualClock::new(Timestamp::from_seconds(START))),
            mailbox: Arc::default(),
            gateway: Arc::default(),
            heads: Arc::default(),
        };
        let log = RequestLog::new();
        let setup = Setup::new(&app, &variables(&database, url, settings), outside(&fakes, &log));
        let node = setup.start().await;
        let Fakes {
            clock,
            mailbox,
            gateway,
            heads,
        } = fakes;
        let jobs_may_stay = AtomicBool::new(false);
        Self {
            clock,
            mailbox,
            gateway,
            heads,
            node,
            setup,
            database,
            tcp_proxy,
            log,
            jobs_may_stay,
        }
    }

    /// The engine of the process that the app's clients connect to.
    pub fn engine(&self) -> &mainstay_engine::Engine {
        &self.node.engine
    }

    /// The database engine.
    pub fn database_engine(&self) -> Engine {
        self.database.engine
    }

    /// The tasks that a worker of the application runs periodically, besides those of the engine.
    pub fn periodic_tasks(&self) -> PeriodicTasks {
        self.setup.app.periodic_tasks()
    }

    /// The process that the app's clients connect to.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Starts another process over the same database, with the same settings and fakes.
    pub async fn another_node(&self) -> Node {
        self.setup.start().await
    }

    /// Starts another process over the same database, with a clock of its own.
    pub async fn another_node_at(&self, clock: Arc<ManualClock>) -> Node {
        let mut setup = self.setup.clone();
        setup.outside.clock = clock;
        setup.start().await
    }

    /// Starts another process over the same database, with other settings.
    pub async fn another_node_with(&self, settings: &[(&str, &str)]) -> Node {
        let outside = self.setup.outside.clone();
        let direct = &self.database.url;
        let url = self
            .tcp_proxy
            .as_ref()
            .map_or_else(|| direct.clone(), |tcp_proxy| tcp_proxy.over(direct));
        let setup = Setup::new(
            &self.setup.app,
            &variables(&self.database, &url, settings),
            outside,
        );
        setup.start().await
    }

    /// Starts another process over the same database, which sends its mail to a real server instead of the mailbox.
    ///
    /// # Panics
    /// When the URL is invalid.
    pub async fn another_node_mailing(&self, smtp_url: &str) -> Node {
        let settings = variables(&self.database, &self.database.url, &[("SMTP_URL", smtp_url)]);
        let mut setup = Setup::new(&self.setup.app, &settings, self.setup.outside.clone());
        let access_log = setup.outside.access_log.clone();
        let real = Dependencies::real(&setup.settings, access_log);
        setup.outside.mailer = real.unwrap_or_else(|error| panic!("{error}")).mailer;
        setup.start().await
    }

    /// A client without credentials.
    pub fn client(&self) -> Client {
        self.node.client()
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Advances the clock.
    pub fn advance(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// The access log line of every request so far.
    pub fn request_lines(&self) -> Vec<Value> {
        self.log.lines()
    }

    /// The folder of the app's files.
    pub fn folder(&self) -> &Path {
        self.database.folder()
    }

    /// Executes SQL directly on the database, bypassing the application.
    ///
    /// # Panics
    /// When the database rejects it.
    pub async fn execute_raw(&self, sql: &str) {
        self.database
            .execute_raw(sql)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
    }

    /// Whether the database rejects SQL executed directly, bypassing the application.
    pub async fn execute_raw_fails(&self, sql: &str) -> bool {
        self.database.execute_raw(sql).await.is_err()
    }

    /// Queries the database directly, bypassing the application; every column must be cast to `TEXT`.
    pub async fn query_raw(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.database.query_raw(sql).await
    }

    /// Blocks all other writers of products until the hold is released; reads continue.
    pub async fn hold_database(&self) -> DatabaseHold {
        self.database.hold().await
    }

    /// Cuts the app and all its nodes off from their database, including connections in use. Direct access by the test
    /// still works.
    ///
    /// # Panics
    /// When the app was not started behind a proxy.
    pub async fn cut_database(&self) {
        self.tcp_proxy
            .as_ref()
            .expect("the app is behind a proxy")
            .cut()
            .await;
    }

    /// Cuts the database off as [`cut_database`](Self::cut_database) does, after this many more messages from the app.
    ///
    /// # Panics
    /// When the app was not started behind a proxy.
    pub fn cut_database_after(&self, messages: usize) {
        self.tcp_proxy
            .as_ref()
            .expect("there is a wire to cut")
            .cut_after(messages);
    }

    /// Whether the database is cut off.
    ///
    /// # Panics
    /// When the app was not started behind a proxy.
    pub fn database_is_cut(&self) -> bool {
        !self.tcp_proxy.as_ref().expect("there is a wire").is_whole()
    }

    /// Restores the access to the database.
    ///
    /// # Panics
    /// When the app was not started behind a proxy.
    pub fn mend_database(&self) {
        self.tcp_proxy.as_ref().expect("the app is behind a proxy").mend();
    }

    /// Allows this test to end with pending or dead jobs.
    pub fn leave_jobs(&self) {
        self.jobs_may_stay.store(true, Ordering::Relaxed);
    }
}

fn variables(database: &TestDatabase, url: &str, more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let folder = database.folder().display().to_string();
    let defaults = [
        ("APP_ENV", "test"),
        ("PORT", "0"),
        ("DATA_DIR", &*folder),
        ("DATABASE_URL", url),
        ("DATABASE_POOL", "6"),
        ("RATE_LIMITS", "off"),
        ("SHUTDOWN_TIMEOUT", "5s"),
    ];
    defaults
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

impl Drop for TestApp {
    /// # Panics
    /// When jobs were left undone and the test did not call [`TestApp::leave_jobs`].
    fn drop(&mut self) {
        if std::thread::panicking() || self.jobs_may_stay.load(Ordering::Relaxed) {
            return;
        }
        let undone = apart(async || jobs::undone(&self.setup.app, &self.database).await)
            .expect("the database can be read");
        let undone = undone.expect("the database can be read");
        assert!(
            undone.is_empty(),
            "jobs or events left undone: {undone:?}; call run_jobs() or leave_jobs()"
        );
    }
}
