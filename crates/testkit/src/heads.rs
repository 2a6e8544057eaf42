//! A fake receiver of the audit chain's heads, which stores them in memory.

use futures_util::future::BoxFuture;
use mainstay_domain::{Error, Result};
use mainstay_engine::audit::{HeadReceiver, SignedHead};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Stores each head that it receives, unless it is set unavailable.
#[derive(Debug, Default)]
pub struct RecordedHeads {
    all: Mutex<Vec<SignedHead>>,
    is_away: AtomicBool,
}

impl RecordedHeads {
    /// Every head so far.
    pub fn all(&self) -> Vec<SignedHead> {
        self.all.lock().clone()
    }

    /// Sets whether it rejects every head from now on.
    pub fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }
}

impl HeadReceiver for RecordedHeads {
    fn receive<'a>(&'a self, head: &'a SignedHead) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if self.is_away.load(Ordering::Relaxed) {
                return Err(Error::Unavailable {
                    what: "the receiver",
                    source: None,
                });
            }
            self.all.lock().push(head.clone());
            Ok(())
        })
    }
}
