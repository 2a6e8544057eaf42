//! The engine's parts, and the bundle of its mechanisms.

use crate::access::{AccessDirectory, AccessReader, Authenticator, IssuedSessions, LastSeen};
use crate::audit::{
    AnchorStore, AuditAcceptor, AuditSealer, AuditVerifier, AuditWriters, EntryKeys, HeadPublisher,
    HeadReceiver,
};
use crate::cache::{CachedResources, Caches};
use crate::clock_skew::ClockMonitor;
use crate::components::Components;
use crate::extensions::Extensions;
use crate::job::{JobRegistry, JobRunner};
use crate::key::{KeySource, KeyStore};
use crate::mail::Mailer;
use crate::node::Node;
use crate::outbox::{EventLog, Live, Relay, Subscriptions};
use crate::pipeline::Pipeline;
use crate::policies::Policies;
use crate::readiness::ReadinessProbe;
use crate::security_log::SecurityLog;
use crate::sweeper::Sweeper;
use mainstay_domain::access::Resources;
use mainstay_domain::time::Timestamp;
use mainstay_platform::crypto::password::PasswordHasher;
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::limiter::Limiter;
use std::sync::Arc;

/// Everything that the composition root passes in.
pub struct Parts {
    /// The database, the clock, randomness and the metrics.
    pub node: Node,
    /// Hashes passwords.
    pub hasher: PasswordHasher,
    /// Encrypts secrets at rest.
    pub sealer: Arc<Sealer>,
    /// Where the keys come from that sign and verify access tokens.
    pub keys: KeySource,
    /// Counts calls against the rate limits.
    pub limiter: Limiter,
    /// Sends mail.
    pub mailer: Arc<dyn Mailer>,
    /// Receives the head of the audit chain periodically; `None` when no receiver is configured.
    pub head_receiver: Option<Arc<dyn HeadReceiver>>,
    /// The rules that the deployment chose.
    pub policies: Policies,
    /// The commands that can run as background jobs.
    pub jobs: JobRegistry,
    /// Which jobs follow which events.
    pub subscriptions: Subscriptions,
    /// The built-in resources and added ones, with the permissions that can be granted.
    pub resources: Resources,
    /// The resources whose rows are cached.
    pub cached: CachedResources,
    /// Ports and settings of the product, by their types.
    pub extensions: Extensions,
}

/// The mechanisms of one node, one accessor each. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Mechanisms>);

struct Mechanisms {
    components: Arc<Components>,
    pipeline: Pipeline,
    authenticator: Arc<Authenticator>,
    access: AccessReader,
    security: Arc<SecurityLog>,
    last_seen: Arc<LastSeen>,
    jobs: JobRunner,
    relay: Relay,
    live: Arc<Live>,
    event_log: EventLog,
    audit_sealer: AuditSealer,
    audit_verifier: AuditVerifier,
    audit_acceptor: AuditAcceptor,
    head_publisher: HeadPublisher,
    readiness: ReadinessProbe,
    clock: Arc<ClockMonitor>,
    sweeper: Sweeper,
}

impl Engine {
    /// Builds the mechanisms from their parts, each after those that it uses.
    pub fn new(parts: Parts) -> Self {
        let (node, sealer) = (parts.node, parts.sealer);
        let (data_dir, access_ttl) = (parts.policies.data_dir.clone(), parts.policies.access_ttl);
        let limiter = Arc::new(parts.limiter);
        let witness_every = parts.policies.audit_witness_every;
        let directory = Arc::new(AccessDirectory::new(parts.resources.permissions()));
        let keys = Arc::new(KeyStore::new(node.clone(), Arc::clone(&sealer), parts.keys));
        let issued = Arc::new(IssuedSessions::new(node.clone()));
        let last_seen = Arc::new(LastSeen::new(node.clone()));
        let writers = Arc::new(AuditWriters::new(EntryKeys::new(&sealer)));
        let components = Arc::new(Components {
            node: node.clone(),
            policies: parts.policies,
            directory: Arc::clone(&directory),
            keys: Arc::clone(&keys),
            issued_sessions: Arc::clone(&issued),
            sealer: Arc::clone(&sealer),
            hasher: parts.hasher,
            limiter: Arc::clone(&limiter),
            mailer: parts.mailer,
            permissions: parts.resources.permissions(),
            resources: parts.resources,
            caches: Caches::new(node.database.engine(), parts.cached),
            audit_writers: Arc::clone(&writers),
            extensions: parts.extensions,
        });
        let reads = components.policies.limits.then(|| Arc::clone(&limiter));
        let authenticator = Authenticator::new(
            node.clone(),
            Arc::clone(&directory),
            keys,
            issued,
            Arc::clone(&last_seen),
            access_ttl,
            reads,
        );
        let (authenticator, security) = (Arc::new(authenticator), Arc::new(SecurityLog::new(node.clone())));
        let pipeline = Pipeline::new(
            Arc::clone(&components),
            Arc::clone(&authenticator),
            Arc::clone(&security),
        );
        let anchor = AnchorStore::new(data_dir, Arc::clone(&sealer));
        let audit_verifier = AuditVerifier::new(pipeline.clone(), anchor.clone());
        let (clock, live) = (
            Arc::new(ClockMonitor::new(node.clone())),
            Arc::new(Live::default()),
        );
        Self(Arc::new(Mechanisms {
            authenticator,
            access: AccessReader::new(node.clone(), directory, access_ttl),
            security,
            last_seen,
            jobs: JobRunner::new(node.clone(), pipeline.clone(), parts.jobs),
            relay: Relay::new(node.clone(), parts.subscriptions, Arc::clone(&live)),
            live,
            event_log: EventLog::new(node.clone()),
            audit_sealer: AuditSealer::new(node.clone(), Arc::clone(&sealer), writers, anchor.clone()),
            audit_acceptor: AuditAcceptor::new(pipeline.clone(), audit_verifier.clone(), anchor),
            audit_verifier,
            head_publisher: HeadPublisher::new(node.clone(), sealer, parts.head_receiver, witness_every),
            readiness: ReadinessProbe::new(node.clone(), Arc::clone(&clock)),
            clock,
            sweeper: Sweeper::new(node, limiter),
            pipeline,
            components,
        }))
    }

    /// Runs use cases.
    pub fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    /// What use cases share: keys, hashing, settings.
    pub fn components(&self) -> &Components {
        &self.0.components
    }

    /// The database, the clock, randomness and the metrics.
    pub fn node(&self) -> &Node {
        &self.0.components.node
    }

    /// The rules that the deployment chose.
    pub fn policies(&self) -> &Policies {
        &self.0.components.policies
    }

    /// The current instant, by the node's clock.
    pub fn now(&self) -> Timestamp {
        self.node().now()
    }

    /// Signs and verifies access tokens.
    pub fn keys(&self) -> &KeyStore {
        &self.0.components.keys
    }

    /// Resolves access tokens to callers.
    pub fn authenticator(&self) -> &Authenticator {
        &self.0.authenticator
    }

    /// The changes of roles, permissions and sessions that this node knows.
    pub fn directory(&self) -> &AccessDirectory {
        &self.0.components.directory
    }

    /// Reads the changes that other nodes made into the directory.
    pub fn access(&self) -> &AccessReader {
        &self.0.access
    }

    /// Counts denied and suspicious attempts, and writes them to the database.
    pub fn security(&self) -> &SecurityLog {
        &self.0.security
    }

    /// Collects when sessions were last used, and writes it to the database.
    pub fn last_seen(&self) -> &LastSeen {
        &self.0.last_seen
    }

    /// Claims and executes background jobs.
    pub fn jobs(&self) -> &JobRunner {
        &self.0.jobs
    }

    /// Delivers committed events to their subscribers.
    pub fn relay(&self) -> &Relay {
        &self.0.relay
    }

    /// Publishes events to the listeners in this process.
    pub fn live(&self) -> &Live {
        &self.0.live
    }

    /// Reads relayed events by their positions.
    pub fn event_log(&self) -> &EventLog {
        &self.0.event_log
    }

    /// Links audit entries into the chain.
    pub fn audit_sealer(&self) -> &AuditSealer {
        &self.0.audit_sealer
    }

    /// Verifies the audit trail.
    pub fn audit_verifier(&self) -> &AuditVerifier {
        &self.0.audit_verifier
    }

    /// Accepts the audit trail as it is, where an administrator says so.
    pub fn audit_acceptor(&self) -> &AuditAcceptor {
        &self.0.audit_acceptor
    }

    /// Sends heads of the audit chain to a receiver.
    pub fn head_publisher(&self) -> &HeadPublisher {
        &self.0.head_publisher
    }

    /// Checks whether this node is ready for work.
    pub fn readiness(&self) -> &ReadinessProbe {
        &self.0.readiness
    }

    /// Compares this node's clock with the database's.
    pub fn clock(&self) -> &ClockMonitor {
        &self.0.clock
    }

    /// Removes records whose retention period is over.
    pub fn sweeper(&self) -> &Sweeper {
        &self.0.sweeper
    }
}
