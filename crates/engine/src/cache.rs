//! In-memory caches of rows that this node has read recently.

use crate::request_context::RequestContext;
use mainstay_domain::access::{self, Caller, Resource, Scope};
use mainstay_domain::id::Id;
use mainstay_domain::time::{Clock, Timestamp};
use mainstay_platform::cache::{Cache, Ticket};
use mainstay_platform::database::Engine;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long a cached row is served. A change made by this process drops it at once; the limit is for another process
/// that writes to the same SQLite file.
const ROW_RETENTION: Duration = Duration::from_secs(1);

/// The resources whose rows a node caches.
#[derive(Debug, Clone, Default)]
pub struct CachedResources {
    names: Vec<&'static str>,
    max_rows: usize,
}

impl CachedResources {
    /// No resource.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resource, with room for about this many rows.
    #[must_use]
    pub fn with<T: Resource>(mut self, max_rows: usize) -> Self {
        self.names.push(T::NAME);
        self.max_rows += max_rows;
        self
    }

    /// The key of a row, if rows of its resource are cached.
    fn key(&self, resource: &str, id: Uuid) -> Option<RowKey> {
        let index = self.names.iter().position(|name| *name == resource)?;
        Some((index, id))
    }
}

/// The index of a row's resource, and the row's id.
type RowKey = (usize, Uuid);

/// The cached rows of a node. On PostgreSQL it holds none: the node is not notified of what other nodes change.
pub struct Caches {
    resources: CachedResources,
    rows: Cache<RowKey, dyn Any + Send + Sync>,
}

impl Caches {
    /// Caches of the given resources, as far as the database engine allows them.
    pub fn new(engine: Engine, resources: CachedResources) -> Self {
        let retention = match engine {
            Engine::Sqlite => ROW_RETENTION,
            Engine::Postgres => Duration::ZERO,
        };
        Self {
            rows: Cache::new(resources.max_rows, retention),
            resources,
        }
    }

    /// Must be taken before the snapshot that a cached row is read from.
    pub(crate) fn ticket(&self, now: Timestamp) -> Ticket {
        self.rows.ticket(now)
    }

    /// Caches a row that was read from a snapshot, if rows of its resource are cached.
    pub(crate) fn fill<T: Resource>(&self, ticket: Ticket, row: &Arc<T>) {
        if let Some(key) = self.resources.key(T::NAME, row.id().uuid()) {
            let value: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(row);
            self.rows.fill(ticket, key, value);
        }
    }

    /// Drops a changed row, if rows of its resource are cached.
    pub(crate) fn changed(&self, resource: &str, id: Uuid) {
        if let Some(key) = self.resources.key(resource, id) {
            self.rows.drop_entry(&key);
        }
    }

    fn get<T: Resource>(&self, id: Id<T>, now: Timestamp) -> Option<Arc<T>> {
        let key = self.resources.key(T::NAME, id.uuid())?;
        self.rows.get(&key, now)?.downcast().ok()
    }
}

/// The caches as one caller sees them: a cached row is returned only if the caller's scope includes it.
pub struct CacheView<'k> {
    caches: &'k Caches,
    caller: &'k Caller,
    clock: &'k dyn Clock,
}

impl<'k> CacheView<'k> {
    pub(crate) fn new(caches: &'k Caches, cx: &'k RequestContext, clock: &'k dyn Clock) -> Self {
        Self {
            caches,
            caller: &cx.caller,
            clock,
        }
    }

    /// The cached row, if it is fresh and in the caller's scope.
    pub fn get<T: Resource>(&self, id: Id<T>) -> Option<Arc<T>> {
        let scope: Scope<T> = access::scope(self.caller);
        let row = self.caches.get::<T>(id, self.clock.now())?;
        scope.shows(&row).then_some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::access::{Policy, SystemCaller, Visibility};
    use mainstay_domain::id::UserId;
    use mainstay_platform::clock::ManualClock;

    struct Note {
        id: Id<Self>,
        owner: UserId,
    }

    impl Resource for Note {
        const NAME: &'static str = "note";
        const POLICY: Policy = Policy {
            visible: &[Visibility::Owner],
            actions: &[],
        };
        fn id(&self) -> Id<Self> {
            self.id
        }
        fn owner(&self) -> Option<UserId> {
            Some(self.owner)
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1000);

    fn filled(engine: Engine, resources: CachedResources) -> (Caches, Id<Note>) {
        let caches = Caches::new(engine, resources);
        let id = Id::from_uuid(Uuid::from_u128(7));
        let owner = UserId::from_uuid(Uuid::from_u128(8));
        caches.fill(caches.ticket(NOW), &Arc::new(Note { id, owner }));
        (caches, id)
    }

    fn sees(caches: &Caches, cx: &RequestContext, id: Id<Note>) -> bool {
        CacheView::new(caches, cx, &ManualClock::new(NOW))
            .get::<Note>(id)
            .is_some()
    }

    #[test]
    fn a_row_is_returned_until_it_changes_and_only_within_the_callers_scope() {
        let (caches, id) = filled(Engine::Sqlite, CachedResources::new().with::<Note>(10));
        let system = RequestContext::system(SystemCaller::WORKER);
        assert!(sees(&caches, &system, id));
        assert!(!sees(&caches, &RequestContext::anonymous(), id));
        caches.changed("another", id.uuid());
        assert!(sees(&caches, &system, id));
        caches.changed(Note::NAME, id.uuid());
        assert!(!sees(&caches, &system, id));
    }

    #[test]
    fn nothing_is_cached_of_a_resource_that_is_not_registered_nor_on_postgresql() {
        let system = RequestContext::system(SystemCaller::WORKER);
        let (unregistered, id) = filled(Engine::Sqlite, CachedResources::new());
        assert!(!sees(&unregistered, &system, id));
        let (shared, id) = filled(Engine::Postgres, CachedResources::new().with::<Note>(10));
        assert!(!sees(&shared, &system, id));
    }
}
