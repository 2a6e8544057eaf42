//! Signing keys: stored sealed in the database, held opened in memory.

mod create;
mod rotate;

pub use create::CreateSigningKey;
pub use rotate::RotateKeys;

use crate::context::Repositories;
use crate::request_context::RequestContext;
use crate::services::Services;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::id::KeyId;
use mainstay_domain::key::SigningKey;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::crypto::key_ring::KeyRing;
use mainstay_platform::crypto::signing_key::SigningKey as SealedKey;
use mainstay_platform::crypto::token::{LEEWAY, TokenAlgorithm, TokenKey};
use mainstay_platform::database::ReadMode;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The keys in memory, and when they were last read from the database.
pub struct Keys {
    ring: KeyRing,
    stored: bool,
    stale: AtomicBool,
    /// The last read failed: a key that is unknown here may be valid.
    unread: AtomicBool,
    reads: Mutex<ReadHistory>,
    /// What the ring was last filled with, so that it is filled anew (and drops its cache) only when that changed.
    known: Mutex<Vec<Known>>,
}

/// A key's id, and when it retires.
type Known = (String, Option<Timestamp>);

/// When the keys were last read, and how many extra reads there were since for tokens that claim to be newer than that.
#[derive(Default)]
struct ReadHistory {
    last: Timestamp,
    since: Timestamp,
    extra: u32,
}

/// A token with an unknown key makes a node read its keys at most this often, whatever clients send ...
const MIN_READ_INTERVAL: Duration = Duration::from_secs(1);
/// ... plus so many extra reads in that time for tokens that claim to be signed after the last read: another node may
/// have changed the key a moment ago. The claim cannot be trusted, hence the bound.
const MAX_EXTRA_READS: u32 = 5;

impl ReadHistory {
    /// Whether a token with an unknown key, which claims to be issued at the given instant, justifies reading the keys.
    fn is_due(&mut self, issued: Option<Timestamp>, now: Timestamp) -> bool {
        if now < self.last || now.since(self.last) >= MIN_READ_INTERVAL {
            return true;
        }
        if now < self.since || now.since(self.since) >= MIN_READ_INTERVAL {
            (self.since, self.extra) = (now, 0);
        }
        let newer = issued.is_some_and(|issued| self.last <= issued.after(LEEWAY));
        let due = newer && self.extra < MAX_EXTRA_READS;
        self.extra += u32::from(due);
        due
    }
}

impl Keys {
    /// One shared secret (HS256); nothing is stored or rotated.
    pub fn shared(ring: KeyRing) -> Self {
        Self {
            ring,
            stored: false,
            stale: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            reads: Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// Keys stored in the database. The ring holds a throw-away key until [`Services::load_keys`].
    pub fn stored(ring: KeyRing) -> Self {
        Self {
            ring,
            stored: true,
            stale: AtomicBool::new(true),
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
}

impl Services {
    /// Reads the signing keys; on the first start, creates the first one.
    ///
    /// # Errors
    /// The database is unavailable, or a key cannot be opened with the master key.
    pub async fn load_keys(&self) -> Result<()> {
        if !self.parts().keys.stored {
            return Ok(());
        }
        if !self.read_keys().await? {
            self.command(&RequestContext::system(SystemCaller::SETUP), CreateSigningKey)
                .await?;
            self.read_keys().await?;
        }
        Ok(())
    }

    /// Reads the keys again when this node changed them, or, at a limited rate, for a token with an unknown key that
    /// claims to be issued at the given instant.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database is unavailable, or was at the last attempt: whether the key is valid is unknown.
    pub(crate) async fn reload_keys_if_due(&self, issued: Option<Timestamp>) -> Result<()> {
        let keys = &self.parts().keys;
        let now = self.now();
        let due = keys.stale.load(Ordering::Acquire) || keys.reads.lock().is_due(issued, now);
        if keys.stored && due {
            self.read_keys().await?;
        }
        if keys.unread.load(Ordering::Acquire) {
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
    pub async fn refresh_keys(&self, age: Duration) -> Result<()> {
        let keys = &self.parts().keys;
        let (now, last) = (self.now(), keys.reads.lock().last);
        let old = now < last || now.since(last) >= age;
        if keys.stored && (old || keys.stale.load(Ordering::Acquire)) {
            self.read_keys().await?;
        }
        Ok(())
    }

    /// Reads the signing keys from the database; false when none of them signs.
    ///
    /// # Errors
    /// The database is unavailable, or a key cannot be opened with the master key.
    pub async fn read_keys(&self) -> Result<bool> {
        let keys = &self.parts().keys;
        if !keys.stored {
            return Ok(true);
        }
        let read = self.read_stored_keys().await;
        keys.unread.store(read.is_err(), Ordering::Release);
        read
    }

    async fn read_stored_keys(&self) -> Result<bool> {
        let keys = &self.parts().keys;
        keys.stale.store(false, Ordering::Release);
        let now = self.now();
        keys.reads.lock().last = now;
        let cx = RequestContext::system(SystemCaller::SETUP);
        let read = self.read(&cx, ReadMode::InPlace, |cx| {
            Box::pin(async move {
                let scope = cx.scope();
                cx.signing_keys().all(&scope).await
            })
        });
        let mut rows = read.await?;
        rows.retain(|row| row.retires_at.is_none_or(|at| now < at));
        rows.sort_by_key(|row| {
            (
                row.retires_at.is_some(),
                std::cmp::Reverse((row.created_at, row.id)),
            )
        });
        let has_signing_key = rows.first().is_some_and(|row| row.retires_at.is_none());
        if has_signing_key {
            self.fill_ring(&rows)?;
        }
        Ok(has_signing_key)
    }

    /// Replaces the keys of the ring, unless they are the same; the first one signs.
    fn fill_ring(&self, rows: &[SigningKey]) -> Result<()> {
        let keys = &self.parts().keys;
        let new: Vec<Known> = rows.iter().map(|row| (row.kid.clone(), row.retires_at)).collect();
        let mut known = keys.known.lock();
        if *known == new {
            return Ok(());
        }
        let open = |row: &SigningKey| sealed(row).open(&self.parts().sealer).map_err(Error::internal);
        let mut opened: Vec<TokenKey> = rows.iter().map(open).collect::<Result<_>>()?;
        if !opened.is_empty() {
            let current = opened.remove(0);
            keys.ring.replace(current, opened);
            *known = new;
        }
        Ok(())
    }

    /// A new key, sealed. It signs nothing before it is stored and read.
    pub(crate) fn make_key(&self, id: KeyId, now: Timestamp) -> SigningKey {
        let made = SealedKey::generate(&self.parts().sealer, &*self.parts().random, now);
        SigningKey {
            id,
            kid: made.kid,
            algorithm: "EdDSA".to_owned(),
            sealed: made.private,
            public: made.public,
            created_at: now,
            retires_at: None,
        }
    }
}

fn sealed(row: &SigningKey) -> SealedKey {
    SealedKey {
        kid: row.kid.clone(),
        algorithm: TokenAlgorithm::EdDsa,
        created_at: row.created_at,
        retires_at: row.retires_at,
        private: row.sealed.clone(),
        public: row.public.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1000);

    fn just_read() -> ReadHistory {
        ReadHistory {
            last: NOW,
            ..ReadHistory::default()
        }
    }

    #[test]
    fn unknown_keys_cause_a_bounded_number_of_reads() {
        let mut reads = just_read();
        let due = |reads: &mut ReadHistory, now| {
            (0..100)
                .filter(|_| reads.is_due(Some(Timestamp::from_seconds(i64::MAX)), now))
                .count()
        };
        assert_eq!(due(&mut reads, NOW), MAX_EXTRA_READS as usize);
        let soon = NOW.after(Duration::from_millis(999));
        assert_eq!(due(&mut reads, soon), 0);
        reads.last = soon;
        assert_eq!(
            due(&mut reads, NOW.after(MIN_READ_INTERVAL)),
            MAX_EXTRA_READS as usize
        );
    }

    #[test]
    fn a_token_issued_before_the_last_read_causes_no_read() {
        let mut reads = just_read();
        assert!(!reads.is_due(None, NOW));
        assert!(!reads.is_due(Some(NOW.before(LEEWAY * 2)), NOW));
        assert!(reads.is_due(Some(NOW.before(LEEWAY)), NOW));
        assert!(reads.is_due(None, NOW.after(MIN_READ_INTERVAL)));
        assert!(
            reads.is_due(None, NOW.before(LEEWAY)),
            "a clock that was set back does not prevent reads"
        );
    }
}
