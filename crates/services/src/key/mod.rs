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
use mainstay_platform::crypto::token::{TokenAlgorithm, TokenKey};
use mainstay_platform::database::ReadMode;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The keys in memory, and when they were last read.
pub struct Keys {
    ring: KeyRing,
    stored: bool,
    stale: AtomicBool,
    read_at: Mutex<Timestamp>,
}

/// A token with an unknown key makes a node read its keys at most this often, whoever sends such tokens.
const READ_AT_MOST_EVERY: Duration = Duration::from_secs(1);

impl Keys {
    /// One shared secret (HS256); nothing is stored or rotated.
    pub fn shared(ring: KeyRing) -> Self {
        Self {
            ring,
            stored: false,
            stale: AtomicBool::new(false),
            read_at: Mutex::default(),
        }
    }

    /// Keys of the database. The ring holds a throw-away key until [`Services::load_keys`].
    pub fn stored(ring: KeyRing) -> Self {
        Self {
            ring,
            stored: true,
            stale: AtomicBool::new(true),
            read_at: Mutex::default(),
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

    /// Reads the keys anew when they changed here, or at most once a second when somebody shows an unknown one.
    pub(crate) async fn reload_keys_if_due(&self) -> Result<()> {
        let keys = &self.parts().keys;
        let now = self.now();
        let due = {
            let read_at = keys.read_at.lock();
            keys.stale.load(Ordering::Acquire) || now.since(*read_at) >= READ_AT_MOST_EVERY
        };
        if keys.stored && due {
            self.read_keys().await?;
        }
        Ok(())
    }

    /// Reads the keys anew when this node changed them or `age` has passed. Background work calls it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn refresh_keys(&self, age: Duration) -> Result<()> {
        let keys = &self.parts().keys;
        let old = { self.now().since(*keys.read_at.lock()) >= age };
        if keys.stored && (old || keys.stale.load(Ordering::Acquire)) {
            self.read_keys().await?;
        }
        Ok(())
    }

    async fn read_keys(&self) -> Result<bool> {
        let keys = &self.parts().keys;
        keys.stale.store(false, Ordering::Release);
        let now = self.now();
        *keys.read_at.lock() = now;
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
        let open = |row: &SigningKey| sealed(row).open(&self.parts().sealer).map_err(Error::internal);
        let mut opened: Vec<TokenKey> = rows.iter().map(open).collect::<Result<_>>()?;
        let signs = rows.first().is_some_and(|row| row.retires_at.is_none());
        if signs {
            let current = opened.remove(0);
            keys.ring.replace(current, opened);
        }
        Ok(signs)
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
