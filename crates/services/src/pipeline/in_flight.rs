//! Requests with an idempotency key that are being worked on by this node.

use mainstay_domain::id::UserId;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::Arc;

type Name = (UserId, &'static str, Arc<str>);

/// The requests under way. Two nodes cannot see each other's; there the record's primary key decides.
#[derive(Default, Clone)]
pub(crate) struct InFlight(Arc<Mutex<HashSet<Name>>>);

/// Held while a request is worked on.
pub(crate) struct Running {
    all: InFlight,
    name: Name,
}

impl InFlight {
    /// Begins, unless the same request is under way.
    pub(crate) fn begin(&self, user: UserId, operation: &'static str, key: &Arc<str>) -> Option<Running> {
        let name = (user, operation, Arc::clone(key));
        self.0.lock().insert(name.clone()).then(|| Running {
            all: self.clone(),
            name,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.all.0.lock().remove(&self.name);
    }
}
