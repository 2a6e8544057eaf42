//! What a use case works with: a write transaction ([`CommandContext`]), a read-only snapshot ([`QueryContext`]), or
//! work outside of any transaction ([`PrepareContext`]).

mod changes;
mod command;
mod prepare;
mod query;
mod repositories;
mod rows;

pub(crate) use changes::Changes;
pub use command::CommandContext;
pub use prepare::{PrepareContext, PrepareWrite};
pub use query::QueryContext;
pub(crate) use query::read;
pub use repositories::Repositories;
pub use rows::CallerRows;
