//! Who may do what: the permissions that there are, explanations, and the rules about rank.

mod explain;
mod permissions;
mod rank;
mod rows;

pub use explain::{AccountName, ExplainAccess};
pub use permissions::ListDeclaredPermissions;
pub use rows::row_finders;

pub(crate) use rank::{check_gives, check_outranks, check_rank};
