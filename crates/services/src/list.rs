//! The filters and sort keys of lists; re-exported, because the interfaces cannot name the repositories.

pub use mainstay_repositories::{
    AuditFilter, JobFilter, OrderFilter, OrderSort, PersonalGrant, ProductFilter, ProductSort, UserFilter,
    UserSort,
};
