//! The declaration of a list: what clients may ask of it.

use super::filter::ListFilter;
use mainstay_domain::page::{self, Page, PageRequest};
use mainstay_engine::Query;
use std::str::FromStr;

/// A list as a use case: what clients may ask of it, and how their request becomes the use case.
pub trait ListQuery: Query<Output = Page<Self::Item>> {
    /// An item of the list.
    type Item: Send + 'static;
    /// The conditions that listed items meet; without any, the list is whole.
    type Filter: Default + Send + 'static;
    /// The keys that clients may sort by; `()` where they may not choose.
    type Sort: SortKey;
    /// The parameters that set the filter, in the order in which they are documented.
    const FILTERS: &'static [ListFilter<Self::Filter>] = &[];
    /// Items on a page when the client names no `limit`.
    const DEFAULT_LIMIT: u32 = page::DEFAULT_LIMIT;

    /// The use case for a client's parameters.
    fn list(params: ListParams<Self::Filter, Self::Sort>) -> Self;
}

/// What a client asks of a list, validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListParams<F, S> {
    /// The conditions that listed items meet.
    pub filter: F,
    /// The sort key, and whether the order is descending.
    pub sort: (S, bool),
    /// The page to return.
    pub page: PageRequest,
}

/// The keys of a list that clients may sort by.
pub trait SortKey: Copy + Send + 'static {
    /// Each key with the name that clients use.
    const NAMES: &'static [(&'static str, Self)];
    /// The key when the client names none, and whether its order is descending.
    const DEFAULT: (Self, bool);
}

/// The one order of a list whose clients may not choose.
impl SortKey for () {
    const NAMES: &'static [(&'static str, Self)] = &[];
    const DEFAULT: (Self, bool) = ((), true);
}

/// A list of what belongs to one resource, which the path names.
pub trait ListOf: ListQuery {
    /// The id of that resource; text that is none names no resource: 404.
    type Parent: FromStr + Send + 'static;

    /// The list of what belongs to this resource.
    #[must_use]
    fn of(self, parent: Self::Parent) -> Self;
}
