//! Bounds how much is done at the same time for one key.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Keys that are stored before unused ones are removed.
const KEYS_BEFORE_CLEANUP: usize = 1024;

/// A semaphore for each key, which exists as long as a permit of it is held or waited for. Keys are digests.
pub struct KeyedSemaphore {
    permits: usize,
    keys: Mutex<HashMap<[u8; 32], Weak<Semaphore>>>,
}

/// A permit of a [`KeyedSemaphore`], which is returned when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct KeyPermit {
    _permit: Arc<OwnedSemaphorePermit>,
    // Keeps the semaphore alive, so that a request for its key finds it.
    _semaphore: Arc<Semaphore>,
}

impl KeyedSemaphore {
    /// A semaphore with a number of permits for each key.
    pub fn new(permits: usize) -> Self {
        Self {
            permits,
            keys: Mutex::default(),
        }
    }

    /// Waits for a permit of a key. Requests for one key get theirs in order.
    pub async fn acquire(&self, key: &[u8; 32]) -> KeyPermit {
        let semaphore = self.semaphore(key);
        let permit = Arc::clone(&semaphore).acquire_owned().await;
        KeyPermit {
            _permit: Arc::new(permit.expect("the semaphore is never closed")),
            _semaphore: semaphore,
        }
    }

    fn semaphore(&self, key: &[u8; 32]) -> Arc<Semaphore> {
        let mut keys = self.keys.lock();
        if let Some(known) = keys.get(key).and_then(Weak::upgrade) {
            return known;
        }
        if keys.len() >= KEYS_BEFORE_CLEANUP {
            keys.retain(|_, semaphore| semaphore.strong_count() > 0);
        }
        let new = Arc::new(Semaphore::new(self.permits));
        keys.insert(*key, Arc::downgrade(&new));
        new
    }
}

impl fmt::Debug for KeyedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys.lock().len();
        write!(f, "KeyedSemaphore({} permits, {keys} keys)", self.permits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn now_or_never(semaphore: &KeyedSemaphore, key: &[u8; 32]) -> Option<KeyPermit> {
        match pin!(semaphore.acquire(key)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(permit) => Some(permit),
            Poll::Pending => None,
        }
    }

    #[test]
    fn requests_for_one_key_wait_for_each_other() {
        let semaphore = KeyedSemaphore::new(2);
        let mut held: Vec<KeyPermit> = (0..2)
            .map(|_| now_or_never(&semaphore, &[1; 32]).unwrap())
            .collect();
        assert!(now_or_never(&semaphore, &[1; 32]).is_none());
        assert!(now_or_never(&semaphore, &[2; 32]).is_some());
        held.pop();
        assert!(now_or_never(&semaphore, &[1; 32]).is_some());
    }

    #[test]
    fn keys_without_permits_are_removed() {
        let semaphore = KeyedSemaphore::new(1);
        let held = now_or_never(&semaphore, &[0xff; 32]);
        for key in 0..2 * KEYS_BEFORE_CLEANUP {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&key.to_be_bytes());
            assert!(now_or_never(&semaphore, &digest).is_some());
        }
        assert!(semaphore.keys.lock().len() <= KEYS_BEFORE_CLEANUP);
        assert!(
            now_or_never(&semaphore, &[0xff; 32]).is_none(),
            "{held:?} is held"
        );
    }
}
