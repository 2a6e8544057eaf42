//! Lists that clients page, filter and sort. Each is declared once, beside its use case; every interface reads the
//! parameters and documents them from that declaration.

mod filter;
mod query;

pub use filter::{FilterShape, ListFilter, set};
/// The filters and sort keys of lists; re-exported, because the interfaces cannot name the repositories.
pub use mainstay_repositories::{
    AuditFilter, JobFilter, OrderFilter, OrderSort, PersonalGrant, ProductFilter, ProductSort, UserFilter,
    UserSort,
};
pub use query::{ListOf, ListParams, ListQuery, SortKey};

#[cfg(test)]
mod tests;
