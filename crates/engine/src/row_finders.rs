//! Finds rows by the name of their resource, where the type is not known.

use crate::context::QueryContext;
use futures_util::future::BoxFuture;
use mainstay_domain::Result;
use mainstay_domain::access::{Resource, Target};
use mainstay_domain::id::Id;
use mainstay_repositories::Table;
use std::fmt;
use uuid::Uuid;

/// Finds a row that the caller may see, by its id: `NOT_FOUND` for any other. Returns what the policy decides by.
pub type RowFinder = for<'c, 'v> fn(&'c mut QueryContext<'v>, Uuid) -> BoxFuture<'c, Result<Target>>;

/// The resources whose rows can be named, such as `order/ID`, each with the function that finds one.
#[derive(Clone, Default)]
pub struct RowFinders(Vec<(&'static str, RowFinder)>);

impl RowFinders {
    /// No resource.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resource whose rows a function finds.
    #[must_use]
    pub fn with<R: Resource>(mut self, find: RowFinder) -> Self {
        self.0.push((R::NAME, find));
        self
    }

    /// Adds a resource whose rows are those of a table.
    #[must_use]
    pub fn with_table<T: Table>(self) -> Self {
        self.with::<T>(|cx, id| {
            Box::pin(async move {
                let row = cx.rows::<T>().find(Id::from_uuid(id)).await?;
                Ok(Target::of(&row))
            })
        })
    }

    /// The function that finds rows of the resource of this name.
    pub fn get(&self, name: &str) -> Option<RowFinder> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, find)| *find)
    }
}

impl fmt::Debug for RowFinders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}
