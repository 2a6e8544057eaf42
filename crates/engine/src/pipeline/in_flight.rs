//! Requests with an idempotency key that this node is processing.

use mainstay_domain::id::UserId;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::Arc;

type Name = (UserId, &'static str, Arc<str>);

/// The requests in progress. Two nodes do not see each other's; between them the record's primary key decides.
#[derive(Default, Clone)]
pub(crate) struct InFlight(Arc<Mutex<HashSet<Name>>>);

/// A guard that marks a request as in progress until it is dropped.
pub(crate) struct Running {
    all: InFlight,
    name: Name,
}

impl InFlight {
    /// Marks a request as in progress; `None` when the same request already is.
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
