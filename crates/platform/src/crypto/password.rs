//! Password hashing with bounded load: a maximum number of hashes at once, and of callers that wait.

pub use super::params::{Params, PasswordError};
use super::phc::{Stored, encode};
use super::same;
use argon2::{Argon2, Block};
use mainstay_domain::random::{self, Random};
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

/// The result of verifying a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The password is correct.
    pub ok: bool,
    /// It is correct, but hashed with other parameters than the current ones: hash it again now.
    pub needs_rehash: bool,
}

/// Hashes and verifies passwords with Argon2id (RFC 9106) on the blocking threads. A clone shares the pool.
///
/// At most `workers` run at once, each with one reused block of memory, so memory is bounded by
/// `workers` × [`Params::memory_kib`]. When a caller is dropped, its worker stays busy until the hash is done.
#[derive(Clone)]
pub struct PasswordHasher(Arc<Pool>);

struct Pool {
    argon2: argon2::Params,
    workers: Arc<Semaphore>,
    waiting: AtomicUsize,
    computed: AtomicU64,
    max_waiting: usize,
    /// Memory not in use now. Retained because fresh pages cost three percent of the whole hash.
    spare: Mutex<Vec<Vec<Block>>>,
    random: Arc<dyn Random>,
    /// A hash that no password has, for accounts that do not exist.
    decoy: String,
}

impl PasswordHasher {
    /// Default maximum number of waiting callers: five seconds of work for two cores.
    pub const MAX_WAITING: usize = 500;

    /// A pool for `workers` hashes at once (the number of cores) and `max_waiting` callers behind them.
    ///
    /// # Errors
    /// [`PasswordError::BadParams`].
    pub fn new(
        params: Params,
        workers: usize,
        max_waiting: usize,
        random: Arc<dyn Random>,
    ) -> Result<Self, PasswordError> {
        let argon2 = argon2::Params::new(params.memory_kib, params.passes, params.lanes, Some(32))
            .map_err(|_| PasswordError::BadParams)?;
        let decoy = encode(&argon2, &random::bytes(&*random), &random::bytes(&*random))?;
        Ok(Self(Arc::new(Pool {
            argon2,
            workers: Arc::new(Semaphore::new(workers.max(1))),
            waiting: AtomicUsize::new(0),
            computed: AtomicU64::new(0),
            max_waiting,
            spare: Mutex::default(),
            random,
            decoy,
        })))
    }

    /// Hashes a new password into a PHC string (`$argon2id$v=19$m=…`) with a salt of 128 random bits.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] or [`PasswordError::Stopped`].
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String, PasswordError> {
        self.run(move |pool| {
            let salt: [u8; 16] = random::bytes(&*pool.random);
            let argon2 = Argon2::from(&pool.argon2);
            let mut out = Zeroizing::new([0; 32]);
            pool.fill(&argon2, password.as_bytes(), &salt, &mut *out)
                .map_err(|_| PasswordError::BadParams)?;
            encode(&pool.argon2, &salt, &out)
        })
        .await
    }

    /// Verifies a password against a PHC string that [`PasswordHasher::hash`] made, maybe with other parameters.
    ///
    /// # Errors
    /// [`PasswordError::Busy`], [`PasswordError::Unreadable`] or [`PasswordError::Stopped`].
    pub async fn verify(&self, password: Zeroizing<String>, phc: &str) -> Result<Verdict, PasswordError> {
        let phc = phc.to_owned();
        self.run(move |pool| pool.verify(&password, &phc)).await
    }

    /// Does the work of [`PasswordHasher::verify`] when there is no account or it has no password, so that the
    /// time taken does not reveal that. The result is never `ok`.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] or [`PasswordError::Stopped`].
    pub async fn verify_nothing(&self, password: Zeroizing<String>) -> Result<Verdict, PasswordError> {
        self.run(move |pool| {
            pool.verify(&password, &pool.decoy)?;
            Ok(Verdict {
                ok: false,
                needs_rehash: false,
            })
        })
        .await
    }

    /// Returns the memory of idle workers to the system; call it after a while without sign-ins.
    pub fn trim(&self) {
        self.0.spare.lock().clear();
    }

    /// Number of callers waiting for a worker now.
    pub fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }

    /// Number of hashes computed so far, for hashing or verifying.
    pub fn computed(&self) -> u64 {
        self.0.computed.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Pool) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permit = self.0.worker().await?;
        let pool = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            // Moved in here: dropping the caller must not allow one more hash.
            let _permit = permit;
            work(&pool)
        });
        done.await.map_err(|_| PasswordError::Stopped)?
    }
}

impl Pool {
    async fn worker(&self) -> Result<OwnedSemaphorePermit, PasswordError> {
        if let Ok(permit) = Arc::clone(&self.workers).try_acquire_owned() {
            return Ok(permit);
        }
        let one_more = |waiting| (waiting < self.max_waiting).then_some(waiting + 1);
        self.waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .map_err(|_| PasswordError::Busy)?;
        let _slot = QueueSlot(&self.waiting);
        Arc::clone(&self.workers)
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Stopped)
    }

    fn verify(&self, password: &str, phc: &str) -> Result<Verdict, PasswordError> {
        let stored = Stored::parse(phc).ok_or(PasswordError::Unreadable)?;
        let mut out = Zeroizing::new(vec![0; stored.output.len()]);
        self.fill(&stored.argon2, password.as_bytes(), &stored.salt, &mut out)
            .map_err(|_| PasswordError::Unreadable)?;
        let ok = same(&out, stored.output.as_bytes());
        Ok(Verdict {
            ok,
            needs_rehash: ok && !stored.is_made_with(&self.argon2),
        })
    }

    fn fill(&self, argon2: &Argon2<'_>, password: &[u8], salt: &[u8], out: &mut [u8]) -> argon2::Result<()> {
        self.computed.fetch_add(1, Ordering::Relaxed);
        let (ours, needed) = (self.argon2.block_count(), argon2.params().block_count());
        if needed > ours {
            // A stored hash of higher cost than the current one: its memory is not retained.
            return argon2.hash_password_into_with_memory(password, salt, out, vec![Block::new(); needed]);
        }
        let spare = self.spare.lock().pop();
        let mut blocks = spare.unwrap_or_else(|| vec![Block::new(); ours]);
        // No wiping between: Argon2 writes each block before it reads it.
        let result = argon2.hash_password_into_with_memory(password, salt, out, &mut blocks);
        self.spare.lock().push(blocks);
        result
    }
}

/// A position in the queue, released on drop: also when the caller stops waiting.
struct QueueSlot<'a>(&'a AtomicUsize);

impl Drop for QueueSlot<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher")
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "password_tests.rs"]
mod tests;
