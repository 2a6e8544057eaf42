//! The effects of a committed transaction on this node.

use crate::access::AccessChange;
use crate::request_context::RequestContext;
use mainstay_domain::Error;
use mainstay_domain::id::UserId;
use mainstay_domain::security::SecurityEventKind;
use uuid::Uuid;

/// A security event that is no refusal.
#[derive(Debug)]
pub(crate) struct Suspicion {
    pub(crate) cx: RequestContext,
    pub(crate) kind: SecurityEventKind,
    pub(crate) user: UserId,
    pub(crate) operation: &'static str,
}

/// The effects of a committed transaction on this node: cache invalidation, access changes, wake-ups, refusals to count.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) recorded_events: usize,
    pub(crate) jobs: usize,
    pub(crate) access: Vec<AccessChange>,
    pub(crate) keys: bool,
    /// Changed rows that caches may hold, by resource name and id.
    pub(crate) rows: Vec<(&'static str, Uuid)>,
    pub(crate) refused: Vec<(RequestContext, &'static str, Error)>,
    pub(crate) suspected: Vec<Suspicion>,
}
