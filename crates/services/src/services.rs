//! The services that use cases share, and the entry point that runs them.

use crate::access::authenticator::Authenticator;
use crate::access::directory::AccessDirectory;
use crate::audit::{AuditWriters, EntryKeys, SealLog};
use crate::cache::Caches;
use crate::clock_skew::MeasuredSkew;
use crate::context::QueryContext;
use crate::job::live::Live;
use crate::job::registry::JobRegistry;
use crate::job::subscriptions::Subscriptions;
use crate::key::Keys;
use crate::pipeline::in_flight::InFlight;
use crate::ports::{HeadReceiver, Mailer, PaymentGateway};
use crate::readiness::Draining;
use crate::request_context::RequestContext;
use crate::security::SecurityLog;
use crate::write_probe::WriteProbe;
use futures_util::future::BoxFuture;
use mainstay_domain::Result;
use mainstay_domain::access::Permission;
use mainstay_domain::random::Random;
use mainstay_domain::time::{Clock, Timestamp};
use mainstay_platform::crypto::password::PasswordHasher;
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::database::{Database, ReadMode, Stats};
use mainstay_platform::limiter::Limiter;
use mainstay_platform::telemetry::metrics::Metrics;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

/// The rules that a deployment chooses.
#[derive(Debug, Clone)]
pub struct Policies {
    /// How long an access token is valid.
    pub access_ttl: Duration,
    /// How long a session lasts without being refreshed.
    pub refresh_ttl: Duration,
    /// How long stock is held for an order that is not paid.
    pub reservation_ttl: Duration,
    /// Whether rate limits apply.
    pub limits: bool,
    /// The URL at which clients reach this deployment; links in mail begin with it.
    pub public_url: String,
    /// How often the head of the audit chain is sent to its receiver.
    pub audit_witness_every: Duration,
    /// The folder of Mainstay's files, the anchor of the audit chain among them.
    pub data_dir: PathBuf,
}

/// Everything that the composition root passes in.
pub struct Parts {
    /// SQLite or PostgreSQL.
    pub database: Database,
    /// The source of the current time.
    pub clock: Arc<dyn Clock>,
    /// The source of ids, keys and other random values.
    pub random: Arc<dyn Random>,
    /// Hashes passwords.
    pub hasher: PasswordHasher,
    /// Encrypts secrets at rest.
    pub sealer: Arc<Sealer>,
    /// Signs and verifies access tokens.
    pub keys: Keys,
    /// Counts calls against the rate limits.
    pub limiter: Limiter,
    /// Sends mail.
    pub mailer: Arc<dyn Mailer>,
    /// Charges, refunds and voids payments.
    pub gateway: Arc<dyn PaymentGateway>,
    /// Receives the head of the audit chain periodically; `None` when no receiver is configured.
    pub head_receiver: Option<Arc<dyn HeadReceiver>>,
    /// The rules that the deployment chose.
    pub policies: Policies,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The commands that can run as background jobs.
    pub jobs: JobRegistry,
    /// Which jobs follow which events.
    pub subscriptions: Subscriptions,
    /// The permissions that can be granted: the built-in ones and those of added resources.
    pub permissions: Vec<Permission>,
}

/// The use cases' shared parts, and the one way to run them. Cheap to clone.
#[derive(Clone)]
pub struct Services(Arc<Inner>);

/// Queries that read and answer at the same time; others wait for a permit. Without it, a thousand lists requested at
/// once would all be in memory before the first of them is counted against a budget.
const MAX_READS_AT_ONCE: usize = 64;

struct Inner {
    parts: Parts,
    directory: Arc<AccessDirectory>,
    authenticator: Authenticator,
    caches: Caches,
    in_flight: InFlight,
    reads: Arc<Semaphore>,
    security: SecurityLog,
    live: Live,
    draining: Draining,
    write_probe: WriteProbe,
    measured_skew: MeasuredSkew,
    job_wakes: Notify,
    event_wakes: Notify,
    audit_wakes: Notify,
    seal_log: SealLog,
    audit_writers: AuditWriters,
}

impl Services {
    /// Builds the services from their parts.
    pub fn new(parts: Parts) -> Self {
        let directory = Arc::new(AccessDirectory::new(parts.permissions.clone()));
        Self(Arc::new(Inner {
            authenticator: Authenticator::new(Arc::clone(&directory)),
            directory,
            caches: Caches::new(parts.database.engine()),
            in_flight: InFlight::default(),
            reads: Arc::new(Semaphore::new(MAX_READS_AT_ONCE)),
            security: SecurityLog::default(),
            live: Live::default(),
            draining: Draining::default(),
            write_probe: WriteProbe::default(),
            measured_skew: MeasuredSkew::default(),
            job_wakes: Notify::new(),
            event_wakes: Notify::new(),
            audit_wakes: Notify::new(),
            seal_log: SealLog::default(),
            audit_writers: AuditWriters::new(EntryKeys::new(&parts.sealer)),
            parts,
        }))
    }

    /// The parts that the composition root passed in.
    pub fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// The rules that the deployment chose.
    pub fn policies(&self) -> &Policies {
        &self.0.parts.policies
    }

    /// The database, for the mechanisms of this crate.
    pub(crate) fn database(&self) -> &Database {
        &self.0.parts.database
    }

    /// Whether there is a permission of this name.
    pub(crate) fn knows_permission(&self, name: &str) -> bool {
        self.0
            .parts
            .permissions
            .iter()
            .any(|known| known.as_str() == name)
    }

    /// The current instant, by the clock that was passed in.
    pub fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    /// The changes of roles, permissions and sessions that this node knows.
    pub fn directory(&self) -> &AccessDirectory {
        &self.0.directory
    }

    /// Resolves credentials to callers.
    pub fn authenticator(&self) -> &Authenticator {
        &self.0.authenticator
    }

    pub(crate) fn caches(&self) -> &Caches {
        &self.0.caches
    }

    /// Permits for queries that read the database; see [`MAX_READS_AT_ONCE`].
    pub(crate) fn reads(&self) -> &Arc<Semaphore> {
        &self.0.reads
    }

    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.0.in_flight
    }

    pub(crate) fn draining(&self) -> &Draining {
        &self.0.draining
    }

    pub(crate) fn write_probe(&self) -> &WriteProbe {
        &self.0.write_probe
    }

    pub(crate) fn measured_skew(&self) -> &MeasuredSkew {
        &self.0.measured_skew
    }

    /// Denied and suspicious attempts that wait to be written to the database.
    pub fn security(&self) -> &SecurityLog {
        &self.0.security
    }

    /// Publishes events to the subscribers in this process.
    pub fn live(&self) -> &Live {
        &self.0.live
    }

    /// Wakes when jobs were committed on this node.
    pub fn job_wakes(&self) -> &Notify {
        &self.0.job_wakes
    }

    /// Wakes when events were committed on this node.
    pub fn event_wakes(&self) -> &Notify {
        &self.0.event_wakes
    }

    /// Wakes when audit entries were committed on this node.
    pub fn audit_wakes(&self) -> &Notify {
        &self.0.audit_wakes
    }

    /// Adds the statements of one transaction to the request's log line and to the metrics.
    pub(crate) fn used(&self, cx: &RequestContext, stats: Stats) {
        cx.notes.add_database(stats.statements, stats.database_us);
        let took = Duration::from_micros(stats.database_us);
        self.0.parts.metrics.database_used(stats.statements, took);
    }

    /// What this process has logged about the audit chain.
    pub(crate) fn seal_log(&self) -> &SealLog {
        &self.0.seal_log
    }

    /// The writers of audit entries of this process.
    pub(crate) fn audit_writers(&self) -> &AuditWriters {
        &self.0.audit_writers
    }

    /// Reads in a snapshot, outside of any use case. For the mechanisms of this crate and for
    /// [`crate::PrepareContext`].
    pub(crate) async fn read<T, F>(&self, cx: &RequestContext, mode: ReadMode, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut QueryContext<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let (services, cx, now) = (self.clone(), cx.clone(), self.now());
        let ticket = self.caches().ticket(now);
        self.database()
            .read(mode, move |tx| {
                Box::pin(async move {
                    let mut view = QueryContext::new(tx, &services, &cx, now, ticket);
                    let out = read(&mut view).await;
                    services.used(&cx, tx.stats());
                    out
                })
            })
            .await
    }
}
