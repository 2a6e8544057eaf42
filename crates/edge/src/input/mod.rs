//! Strict parsing of requests: refuses unknown fields and parameters, and reports all findings at once.

mod body;
mod condition;
mod cursor;
mod explain;
mod finding;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod idempotency;
mod list;
mod object;
mod path;
mod query;
mod read;
#[cfg(test)]
mod tests;

pub use body::{Body, OptionalBody};
pub use condition::{IfMatch, IfNoneMatch};
pub(crate) use idempotency::key;
pub use list::{ListParams, RowParams};
pub use object::Object;
pub use path::{PathId, PathPair};
pub use query::Query;
