//! Resolves API keys, and remembers those that it has read.
//!
//! A key carries nothing but its secret, so a node reads the key and its owner from the database once. From then on the
//! access directory has every change of them, for as long as it remembers changes; a key that was not used for a while
//! is read again, because a change may have been forgotten meanwhile.

use super::directory::{AccessDirectory, Resolved};
use crate::node::Node;
use mainstay_domain::access::{self, Action, Caller, Permit, SystemCaller};
use mainstay_domain::api_key::{ApiKey, ApiKeyId};
use mainstay_domain::error::{Denied, Error, Result, Unauthenticated};
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::AccessFacts;
use mainstay_platform::crypto::api_key::ApiKeySecret;
use mainstay_platform::database::{Isolation, ReadMode, Tx};
use mainstay_platform::limiter::{LimitKey, Limiter, Quota};
use mainstay_platform::network::{Network, canonical};
use mainstay_repositories::{ApiKeys, Users};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

/// How many keys a node remembers, and how many that do not exist.
const CAPACITY: u64 = 10_000;
/// How long a key that does not exist is remembered.
const UNKNOWN_RETENTION: Duration = Duration::from_mins(1);
/// How often a client's network may present keys that this node has to read.
const READS: Quota = Quota {
    count: 600,
    period: Duration::from_mins(1),
};
/// A use is recorded when the one that was recorded before is older than this.
const USE_INTERVAL: Duration = Duration::from_mins(1);

type Digest = [u8; 32];

/// The API keys that a node knows.
pub(super) struct KnownApiKeys {
    node: Node,
    directory: Arc<AccessDirectory>,
    /// Counts keys that have to be read; `None` where limits do not apply.
    limiter: Option<Arc<Limiter>>,
    /// How long the directory remembers changes, at least.
    memory: Duration,
    known: moka::sync::Cache<Digest, Arc<KnownApiKey>>,
    unknown: moka::sync::Cache<Digest, Timestamp>,
    /// The last uses that are not stored yet.
    uses: Mutex<HashMap<ApiKeyId, Timestamp>>,
}

/// An API key that this node has read, with its owner as of the last change that it resolved the key with.
pub(super) struct KnownApiKey {
    key: Arc<ApiKey>,
    networks: Arc<[Network]>,
    owner: AccessFacts,
    epoch: u64,
    /// When the directory last had every change of the key and its owner: microseconds.
    confirmed_at: AtomicI64,
    /// When a use was last recorded: microseconds.
    used_at: Arc<AtomicI64>,
}

impl KnownApiKey {
    /// Checks that the key is accepted from an address.
    ///
    /// # Errors
    /// `FORBIDDEN`, also when the address is not known and the key is bound to networks.
    pub(super) fn check_network(&self, address: Option<IpAddr>) -> Result<()> {
        let contains = |address: IpAddr| self.networks.iter().any(|network| network.contains(address));
        // The list of the key and not the parsed one: a network that cannot be parsed admits no client.
        let is_accepted = self.key.networks.is_empty() || address.map(canonical).is_some_and(contains);
        is_accepted.then_some(()).ok_or(Error::Denied(Denied::Network))
    }

    /// Notes that the directory had every change until now.
    pub(super) fn confirm(&self, now: Timestamp) {
        self.confirmed_at.store(now.micros(), Relaxed);
    }

    fn is_confirmed(&self, epoch: u64, memory: Duration, now: Timestamp) -> bool {
        let confirmed = Timestamp::from_micros(self.confirmed_at.load(Relaxed));
        self.epoch == epoch && now < confirmed.after(memory)
    }
}

impl KnownApiKeys {
    pub(super) fn new(
        node: Node,
        directory: Arc<AccessDirectory>,
        limiter: Option<Arc<Limiter>>,
        memory: Duration,
    ) -> Self {
        Self {
            node,
            directory,
            limiter,
            memory,
            known: moka::sync::Cache::new(CAPACITY),
            unknown: moka::sync::Cache::new(CAPACITY),
            uses: Mutex::default(),
        }
    }

    /// Resolves an API key to its caller. No I/O for a key that this node knows.
    ///
    /// # Errors
    /// `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_REVOKED` or `ACCOUNT_DISABLED`; `RATE_LIMITED` when the client's network
    /// presents too many keys that this node does not know.
    pub(super) async fn resolve(
        &self,
        text: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(Arc<KnownApiKey>, Resolved)> {
        let invalid = Error::Unauthenticated(Unauthenticated::Invalid);
        let digest = *ApiKeySecret::digest_of(text).ok_or(invalid)?.as_bytes();
        let epoch = self.directory.epoch();
        let known = self.known.get(&digest);
        let known = match known.filter(|known| known.is_confirmed(epoch, self.memory, now)) {
            Some(known) => known,
            None => self.read(digest, address, epoch, now).await?,
        };
        let mut owner = known.owner.clone();
        let resolved = self.directory.resolve_key(&known.key, &mut owner, now)?;
        let known = Arc::new(KnownApiKey {
            key: Arc::clone(&known.key),
            networks: Arc::clone(&known.networks),
            owner,
            epoch: known.epoch,
            confirmed_at: AtomicI64::new(now.micros()),
            used_at: Arc::clone(&known.used_at),
        });
        self.known.insert(digest, Arc::clone(&known));
        Ok((known, resolved))
    }

    /// Reads a key and its owner.
    async fn read(
        &self,
        digest: Digest,
        address: Option<IpAddr>,
        epoch: u64,
        now: Timestamp,
    ) -> Result<Arc<KnownApiKey>> {
        let invalid = Error::Unauthenticated(Unauthenticated::Invalid);
        let unknown = self.unknown.get(&digest);
        if unknown.is_some_and(|learned| now < learned.after(UNKNOWN_RETENTION)) {
            return Err(invalid);
        }
        self.count_read(address, now)?;
        let read = self
            .node
            .read(ReadMode::InPlace, move |tx| Box::pin(read(tx, digest)))
            .await?;
        let Some((key, owner)) = read else {
            self.known.invalidate(&digest);
            self.unknown.insert(digest, now);
            return Err(invalid);
        };
        let networks = key.networks.iter().filter_map(|text| Network::parse(text));
        let used_at = key.last_used_at.map_or(i64::MIN, Timestamp::micros);
        let known = Arc::new(KnownApiKey {
            networks: networks.collect(),
            key: Arc::new(key),
            owner,
            epoch,
            confirmed_at: AtomicI64::new(now.micros()),
            used_at: Arc::new(AtomicI64::new(used_at)),
        });
        self.known.insert(digest, Arc::clone(&known));
        Ok(known)
    }

    /// Counts a read before it is made, so that a flood of made-up keys is bounded.
    fn count_read(&self, address: Option<IpAddr>, now: Timestamp) -> Result<()> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        let client = address.map_or_else(|| LimitKey::text("nowhere"), LimitKey::from);
        let decision = limiter.check("api-key.read", READS, client, now);
        match decision.allowed {
            true => Ok(()),
            false => Err(Error::Limited {
                retry_after: decision.retry_after,
            }),
        }
    }

    /// Notes a use of a key, at most once a minute; [`flush_uses`](Self::flush_uses) stores it.
    pub(super) fn note_use(&self, known: &KnownApiKey, now: Timestamp) {
        let noted = known.used_at.load(Relaxed);
        let is_due = noted == i64::MIN || Timestamp::from_micros(noted).after(USE_INTERVAL) <= now;
        let swap = || {
            known
                .used_at
                .compare_exchange(noted, now.micros(), Relaxed, Relaxed)
        };
        if is_due && swap().is_ok() {
            self.uses.lock().insert(known.key.id, now);
        }
    }

    /// Stores the uses that were noted since the last call.
    ///
    /// # Errors
    /// The database is unavailable; these uses are not recorded.
    pub(super) async fn flush_uses(&self) -> Result<()> {
        let uses = std::mem::take(&mut *self.uses.lock());
        if uses.is_empty() {
            return Ok(());
        }
        let uses: Arc<[(ApiKeyId, Timestamp)]> = uses.into_iter().collect();
        self.node
            .database
            .write(Isolation::ReadCommitted, move |tx| {
                let uses = Arc::clone(&uses);
                Box::pin(async move { store(tx, &uses).await })
            })
            .await
    }
}

async fn read(tx: &mut Tx, digest: Digest) -> Result<Option<(ApiKey, AccessFacts)>> {
    let part = Caller::System(SystemCaller::SIGN_IN);
    let keys = access::scope(&part);
    let Some(key) = ApiKeys::new(tx).find_by_digest(&keys, &digest).await? else {
        return Ok(None);
    };
    let users = access::scope(&part);
    let owner = Users::new(tx).access_facts(&users, key.user_id).await?;
    Ok(owner.map(|owner| (key, owner)))
}

async fn store(tx: &mut Tx, uses: &[(ApiKeyId, Timestamp)]) -> Result<()> {
    const USE: Action = ApiKey::USE;
    for (id, at) in uses {
        let permit: Permit<ApiKey> =
            access::permit_new(&Caller::System(SystemCaller::SIGN_IN), USE, *id, None)?;
        ApiKeys::new(tx).used(&permit, *id, *at).await?;
    }
    Ok(())
}
