//! What lists can be narrowed and ordered by; re-exported, because the doors cannot name the repositories.

pub use mainstay_repositories::{
    AuditFilter, JobFilter, OrderFilter, OrderSort, PersonalGrant, ProductFilter, ProductSort, UserFilter,
    UserSort,
};
