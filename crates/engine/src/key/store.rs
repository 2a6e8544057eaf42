//! Signing keys: stored sealed in the database, held opened in memory.

use super::read_history::ReadHistory;
use crate::node::Node;
use mainstay_domain::access::{self, Caller, SystemCaller};
use mainstay_domain::id::KeyId;
use mainstay_domain::key::SigningKey;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::crypto::key_ring::KeyRing;
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::crypto::signing_key::SigningKey as SealedKey;
use mainstay_platform::crypto::token::{TokenAlgorithm, TokenKey};
use mainstay_platform::database::ReadMode;
use mainstay_repositories::SigningKeys;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The keys in memory, and when they were last read from the database.
pub struct KeyStore {
    node: Node,
    sealer: Arc<Sealer>,
    ring: KeyRing,
    stored: bool,
    stale: AtomicBool,
    /// The last read failed: a key that is unknown here may be valid.
    unread: AtomicBool,
    reads: Mutex<ReadHistory>,
    /// What the ring was last filled with, so that it is filled anew (and drops its cache) only when that changed.
    known: Mutex<Vec<RingKey>>,
}

/// A key's id, when it begins to sign, and when it retires.
type RingKey = (String, Timestamp, Option<Timestamp>);

/// Where the keys come from.
pub enum KeySource {
    /// One shared secret (HS256); nothing is stored or rotated.
    Shared(KeyRing),
    /// Keys stored in the database. The ring holds a throw-away key until they are read.
    Stored(KeyRing),
}

impl KeyStore {
    /// A store that has read nothing yet.
    pub fn new(node: Node, sealer: Arc<Sealer>, source: KeySource) -> Self {
        let (ring, stored) = match source {
            KeySource::Shared(ring) => (ring, false),
            KeySource::Stored(ring) => (ring, true),
        };
        Self {
            node,
            sealer,
            ring,
            stored,
            stale: AtomicBool::new(stored),
            unread: AtomicBool::new(false),
            reads: Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// The keys that sign and verify.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Notes that the keys in memory are outdated.
    pub(crate) fn mark_stale(&self) {
        self.stale.store(true, Ordering::Release);
    }

    /// Whether the keys are stored in the database.
    pub fn are_stored(&self) -> bool {
        self.stored
    }

    /// Reads the keys again when this node changed them, or, at a limited rate, for a token with an unknown key that
    /// claims to be issued at the given instant.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database is unavailable, or was at the last attempt: whether the key is valid is unknown.
    pub(crate) async fn reload_if_due(&self, issued: Option<Timestamp>) -> Result<()> {
        let now = self.node.now();
        let due = self.stale.load(Ordering::Acquire) || self.reads.lock().is_due(issued, now);
        if self.stored && due {
            self.read().await?;
        }
        if self.unread.load(Ordering::Acquire) {
            return Err(Error::Unavailable {
                what: "the signing keys",
                source: None,
            });
        }
        Ok(())
    }

    /// Reads the keys again when this node changed them or `age` has passed. Background tasks call it.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn refresh(&self, age: Duration) -> Result<()> {
        let (now, last) = (self.node.now(), self.reads.lock().last);
        let old = now < last || now.since(last) >= age;
        if self.stored && (old || self.stale.load(Ordering::Acquire)) {
            self.read().await?;
        }
        Ok(())
    }

    /// Reads the signing keys from the database; false when none of them signs.
    ///
    /// # Errors
    /// The database is unavailable, or a key cannot be opened with the master key.
    pub async fn read(&self) -> Result<bool> {
        if !self.stored {
            return Ok(true);
        }
        let read = self.read_stored().await;
        self.unread.store(read.is_err(), Ordering::Release);
        read
    }

    async fn read_stored(&self) -> Result<bool> {
        self.stale.store(false, Ordering::Release);
        let now = self.node.now();
        self.reads.lock().last = now;
        let read = self.node.read(ReadMode::InPlace, |tx| {
            Box::pin(async move {
                let scope = access::scope(&Caller::System(SystemCaller::SETUP));
                SigningKeys::new(tx).all(&scope).await
            })
        });
        let mut rows = read.await?;
        rows.retain(|row| row.is_accepted(now));
        let current = SigningKey::current(&rows, now).map(|key| key.id);
        if let Some(current) = current {
            self.fill_ring(&rows, current, now)?;
        }
        Ok(current.is_some())
    }

    /// Replaces the keys of the ring, unless they are the same.
    fn fill_ring(&self, rows: &[SigningKey], current: KeyId, now: Timestamp) -> Result<()> {
        let ring_key = |row: &SigningKey| (row.kid.clone(), row.signs_from, row.retires_at);
        let new: Vec<RingKey> = rows.iter().map(ring_key).collect();
        let mut known = self.known.lock();
        if *known == new {
            return Ok(());
        }
        let mut others = Vec::new();
        let mut signing = None;
        for row in rows {
            let key = self.open(row)?;
            let key = match row.retires_at {
                Some(at) => key.accepted_until(at),
                None => key,
            };
            if row.id == current {
                signing = Some(key);
            } else if now < row.signs_from {
                others.push(key.signing_from(row.signs_from));
            } else {
                others.push(key);
            }
        }
        if let Some(signing) = signing {
            self.ring.replace(signing, others);
            *known = new;
        }
        Ok(())
    }

    fn open(&self, row: &SigningKey) -> Result<TokenKey> {
        let algorithm = TokenAlgorithm::of_key_pair(&row.algorithm)
            .ok_or_else(|| Error::bug(format!("the signing key {} has an unknown algorithm", row.kid)))?;
        let sealed = SealedKey {
            kid: row.kid.clone(),
            algorithm,
            private: row.sealed.clone(),
            public: row.public.clone(),
        };
        sealed.open(&self.sealer).map_err(Error::internal)
    }

    /// A new key, sealed. It signs nothing before it is stored and read.
    pub(crate) fn make_key(
        &self,
        id: KeyId,
        algorithm: TokenAlgorithm,
        now: Timestamp,
        signs_from: Timestamp,
    ) -> SigningKey {
        let made = SealedKey::generate(&self.sealer, &*self.node.random, algorithm);
        SigningKey {
            id,
            kid: made.kid,
            algorithm: made.algorithm.name().to_owned(),
            sealed: made.private,
            public: made.public,
            created_at: now,
            signs_from,
            retires_at: None,
        }
    }
}
