//! Constructs all layers of the application.

use crate::app::App;
use crate::database::database_options;
use crate::dependencies::Dependencies;
use crate::error::StartError;
use crate::master_key;
use crate::private;
use crate::schema::ready;
use mainstay_domain::random;
use mainstay_engine::key::{KeySource, load_or_create};
use mainstay_engine::{Engine, Node, Parts, Policies};
use mainstay_platform::config::{RefreshRetry, Settings, VerifyEmail};
use mainstay_platform::crypto::key_ring::KeyRing;
use mainstay_platform::crypto::password::PasswordHasher;
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::crypto::token::TokenKey;
use mainstay_platform::database::{Database, LastWrite};
use mainstay_platform::files;
use mainstay_platform::limiter::Limiter;
use mainstay_platform::telemetry::metrics::Metrics;
use mainstay_repositories::migrate;
use mainstay_services::check_extensions;
use std::sync::Arc;

/// An application over an open, migrated database, ready to be served or called from the command line.
pub struct Instance {
    /// Runs the use cases.
    pub engine: Engine,
    /// The settings that it was opened with.
    pub settings: Arc<Settings>,
    pub(crate) app: App,
    pub(crate) dependencies: Dependencies,
}

/// Maximum number of keys in the rate limiter.
const LIMIT_KEYS: usize = 200_000;

impl Instance {
    /// Migrates and opens the database, checks the master key, loads the keys and the current access changes, and
    /// builds the engine.
    ///
    /// # Errors
    /// What prevents the start, in a sentence for the administrator.
    pub async fn open(
        app: &App,
        settings: Arc<Settings>,
        dependencies: Dependencies,
        public_url: String,
    ) -> Result<Self, StartError> {
        let dir = &settings.data_dir;
        files::make_dir(dir).map_err(|cause| StartError::File {
            path: dir.clone(),
            cause,
        })?;
        private::tighten(&settings);
        let key = master_key::existing(&settings)?;
        let options = database_options(&settings);
        migrate(&options, app.migrations())
            .await
            .map_err(StartError::Migrate)?;
        let database = Database::open(&options).await.map_err(StartError::Database)?;
        let sealer = master_key::open(&database, &settings, &dependencies, key).await?;
        let instance = Self::put_together(app, settings, dependencies, public_url, database, sealer).await?;
        let engine = &instance.engine;
        let keys = load_or_create(engine.keys(), engine.pipeline());
        keys.await.map_err(StartError::Content)?;
        let begun = engine.audit_sealer().begin().await;
        begun.map_err(StartError::Content)?;
        Ok(instance)
    }

    /// The same for reading only: creates no folder, file, schema or key. In place of a key that was never generated it
    /// uses a random one, which opens nothing.
    ///
    /// # Errors
    /// As [`Instance::open`], and when there is no database with the schema of this program.
    pub async fn read(
        app: &App,
        settings: Arc<Settings>,
        dependencies: Dependencies,
        public_url: String,
    ) -> Result<Self, StartError> {
        ready(app, &settings).await?;
        let options = database_options(&settings);
        let database = Database::open(&options).await.map_err(StartError::Database)?;
        let sealer = master_key::read(&database, &settings, &dependencies).await?;
        let instance = Self::put_together(app, settings, dependencies, public_url, database, sealer).await?;
        let keys = instance.engine.keys().read().await;
        keys.map_err(StartError::Content)?;
        Ok(instance)
    }

    async fn put_together(
        app: &App,
        settings: Arc<Settings>,
        dependencies: Dependencies,
        public_url: String,
        database: Database,
        sealer: Sealer,
    ) -> Result<Self, StartError> {
        let metrics = Arc::new(Metrics::new(app.version()));
        let definition = app.definition();
        watch(&metrics, &database);
        let extensions = app.extensions(&settings, &dependencies)?;
        check_extensions(&extensions).map_err(StartError::Content)?;
        let engine = Engine::new(Parts {
            node: Node {
                database,
                clock: Arc::clone(&dependencies.clock),
                random: Arc::clone(&dependencies.random),
                metrics,
                wakes: Arc::default(),
            },
            hasher: hasher(&dependencies)?,
            sealer: Arc::new(sealer),
            keys: keys(&settings, &dependencies)?,
            limiter: Limiter::new(LIMIT_KEYS),
            mailer: Arc::clone(&dependencies.mailer),
            head_receiver: dependencies.head_receiver.clone(),
            policies: policies(&settings, public_url),
            jobs: definition.jobs.clone(),
            subscriptions: definition.subscriptions.clone(),
            resources: definition.resources.clone(),
            cached: definition.cached.clone(),
            extensions,
        });
        engine.access().load().await.map_err(StartError::Content)?;
        Ok(Self {
            engine,
            settings,
            app: app.clone(),
            dependencies,
        })
    }

    /// Shuts down: writes the queued changes, then closes the database.
    pub async fn close(self) {
        self.engine.node().database.close().await;
    }
}

/// One password hash per core at a time: more at once would only take more memory.
fn hasher(dependencies: &Dependencies) -> Result<PasswordHasher, StartError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    PasswordHasher::new(
        dependencies.hashing,
        cores,
        PasswordHasher::MAX_WAITING,
        Arc::clone(&dependencies.random),
    )
    .map_err(|error| StartError::Setting(format!("hashing passwords: {error}")))
}

fn keys(settings: &Settings, dependencies: &Dependencies) -> Result<KeySource, StartError> {
    let (issuer, audience) = (&settings.tokens.issuer, &settings.tokens.audience);
    match &settings.tokens.secret {
        Some(secret) => {
            let key = TokenKey::hs256(secret.expose().as_bytes());
            let key = key.map_err(|error| StartError::Setting(format!("JWT_SECRET: {error}")))?;
            Ok(KeySource::Shared(KeyRing::new(issuer, audience, key, Vec::new())))
        }
        None => {
            // Until the database's keys are read: a random key that signed no token.
            let random_secret = random::bytes::<32>(&*dependencies.random);
            let key =
                TokenKey::hs256(&random_secret).map_err(|error| StartError::Setting(error.to_string()))?;
            Ok(KeySource::Stored(KeyRing::new(issuer, audience, key, Vec::new())))
        }
    }
}

fn policies(settings: &Settings, public_url: String) -> Policies {
    Policies {
        access_ttl: settings.tokens.access_ttl,
        refresh_ttl: settings.tokens.refresh_ttl,
        confirm_email_first: settings.verify_email == VerifyEmail::Required,
        invitation_ttl: settings.accounts.invitation_ttl,
        session_max: settings.tokens.session_max,
        strict_refresh: settings.tokens.refresh_retry == RefreshRetry::Strict,
        token_algorithm: settings.tokens.algorithm,
        key_rotation: settings.tokens.key_rotation,
        limits: settings.limits,
        password_min: settings.password_min,
        public_url,
        audit_witness_every: settings.audit_witness.every,
        data_dir: settings.data_dir.clone(),
    }
}

fn watch(metrics: &Metrics, database: &Database) {
    let counters = database.clone();
    metrics.watch(move |samples| {
        let now = counters.counters();
        samples.counter("database_commits", "Commits of the database", now.commits);
        samples.counter(
            "database_grouped",
            "Transactions that shared those commits",
            now.grouped,
        );
        samples.counter(
            "database_failed_commits",
            "Commits that failed",
            now.failed_commits,
        );
        samples.counter("database_panics", "Transactions that panicked", now.panics);
        samples.counter(
            "database_checkpoints",
            "Checkpoints of the write-ahead log",
            now.checkpoints,
        );
        samples.counter(
            "database_retries",
            "Transactions that were run again",
            now.retries,
        );
        samples.gauge(
            "database_refuses_writes",
            "1 while the last write was refused by the storage: no room, read-only, or broken",
            i64::from(counters.last_write() == Some(LastWrite::Refused)),
        );
        samples.gauge(
            "database_waiting",
            "Transactions that wait for the writer",
            i64::try_from(now.waiting).unwrap_or(i64::MAX),
        );
    });
}
