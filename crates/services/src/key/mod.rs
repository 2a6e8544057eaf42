//! Signing keys: kept sealed in the database, held open in memory.

mod create;
mod rotate;

pub use create::CreateSigningKey;
pub use rotate::RotateKeys;

use crate::context::Context;
use crate::services::Services;
use crate::work::Repositories;
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

/// The keys in memory, and when they were last read.
pub struct Keys {
    ring: KeyRing,
    stored: bool,
    stale: AtomicBool,
    /// The last reading failed: a key that is unknown here may be a good one.
    unread: AtomicBool,
    looks: Mutex<Looks>,
    /// What the ring was filled with, so that it is filled anew (and forgets what it knows) only when that changed.
    known: Mutex<Vec<Known>>,
}

/// The name of a key and when it retires.
type Known = (String, Option<Timestamp>);

/// When the keys were last read, and how often besides for tokens that say they are newer than that.
#[derive(Default)]
struct Looks {
    last: Timestamp,
    since: Timestamp,
    besides: u32,
}

/// A token with an unknown key makes a node read its keys at most this often, whoever sends such tokens ...
const READ_AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// ... and so often besides in that time, when the token says it was signed after the last look: another node may have
/// changed the key a moment ago. What a token says of itself is not to be believed, hence the bound.
const READS_BESIDES: u32 = 5;

impl Looks {
    /// Whether a token with an unknown key, issued at an instant as it says, is worth a look.
    fn is_due(&mut self, issued: Option<Timestamp>, now: Timestamp) -> bool {
        if now < self.last || now.since(self.last) >= READ_AT_MOST_EVERY {
            return true;
        }
        if now < self.since || now.since(self.since) >= READ_AT_MOST_EVERY {
            (self.since, self.besides) = (now, 0);
        }
        let newer = issued.is_some_and(|issued| self.last <= issued.after(LEEWAY));
        let due = newer && self.besides < READS_BESIDES;
        self.besides += u32::from(due);
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
            looks: Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// Keys of the database. The ring holds a throw-away key until [`Services::load_keys`].
    pub fn stored(ring: KeyRing) -> Self {
        Self {
            ring,
            stored: true,
            stale: AtomicBool::new(true),
            unread: AtomicBool::new(false),
            looks: Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// The keys that sign and verify.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Notes that the database has other keys than the memory.
    pub(crate) fn mark_stale(&self) {
        self.stale.store(true, Ordering::Release);
    }

    /// Whether the keys are kept in the database.
    pub fn are_stored(&self) -> bool {
        self.stored
    }
}

impl Services {
    /// Reads the signing keys, and makes the first one on the first start.
    ///
    /// # Errors
    /// The database is away, or a key cannot be opened with the master key.
    pub async fn load_keys(&self) -> Result<()> {
        if !self.parts().keys.stored {
            return Ok(());
        }
        if !self.read_keys().await? {
            self.command(&Context::system(SystemCaller::SETUP), CreateSigningKey)
                .await?;
            self.read_keys().await?;
        }
        Ok(())
    }

    /// Reads the keys anew when they changed here, or now and then when somebody shows an unknown one: in a token that
    /// says it was issued at the given instant.
    ///
    /// # Errors
    /// The database is away, also when that was found out a moment ago: whether the key is a good one is not known then.
    pub(crate) async fn reload_keys_if_due(&self, issued: Option<Timestamp>) -> Result<()> {
        let keys = &self.parts().keys;
        let now = self.now();
        let due = keys.stale.load(Ordering::Acquire) || keys.looks.lock().is_due(issued, now);
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

    /// Reads the keys anew when this node changed them or `age` has passed. Background work calls it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn refresh_keys(&self, age: Duration) -> Result<()> {
        let keys = &self.parts().keys;
        let (now, last) = (self.now(), keys.looks.lock().last);
        let old = now < last || now.since(last) >= age;
        if keys.stored && (old || keys.stale.load(Ordering::Acquire)) {
            self.read_keys().await?;
        }
        Ok(())
    }

    /// Reads the signing keys as they are; false when there is none that signs.
    ///
    /// # Errors
    /// The database is away, or a key cannot be opened with the master key.
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
        keys.looks.lock().last = now;
        let cx = Context::system(SystemCaller::SETUP);
        let look = self.look(&cx, ReadMode::InPlace, |view| {
            Box::pin(async move {
                let scope = view.scope();
                view.signing_keys().all(&scope).await
            })
        });
        let mut rows = look.await?;
        rows.retain(|row| row.retires_at.is_none_or(|at| now < at));
        rows.sort_by_key(|row| {
            (
                row.retires_at.is_some(),
                std::cmp::Reverse((row.created_at, row.id)),
            )
        });
        let signs = rows.first().is_some_and(|row| row.retires_at.is_none());
        if signs {
            self.fill_ring(&rows)?;
        }
        Ok(signs)
    }

    /// Puts keys into the ring, the first of them to sign; unless they are there already.
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

    fn looked() -> Looks {
        Looks {
            last: NOW,
            ..Looks::default()
        }
    }

    #[test]
    fn unknown_keys_do_not_make_a_node_read_without_end() {
        let mut looks = looked();
        let due = |looks: &mut Looks, now| {
            (0..100)
                .filter(|_| looks.is_due(Some(Timestamp::from_seconds(i64::MAX)), now))
                .count()
        };
        assert_eq!(due(&mut looks, NOW), READS_BESIDES as usize);
        let soon = NOW.after(Duration::from_millis(999));
        assert_eq!(due(&mut looks, soon), 0);
        looks.last = soon;
        assert_eq!(
            due(&mut looks, NOW.after(READ_AT_MOST_EVERY)),
            READS_BESIDES as usize
        );
    }

    #[test]
    fn a_token_from_before_the_last_look_is_not_worth_another() {
        let mut looks = looked();
        assert!(!looks.is_due(None, NOW));
        assert!(!looks.is_due(Some(NOW.before(LEEWAY * 2)), NOW));
        assert!(looks.is_due(Some(NOW.before(LEEWAY)), NOW));
        assert!(looks.is_due(None, NOW.after(READ_AT_MOST_EVERY)));
        assert!(
            looks.is_due(None, NOW.before(LEEWAY)),
            "a clock that was set back does not keep it from looking"
        );
    }
}
