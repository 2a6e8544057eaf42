//! The traits of use cases: [`UseCase`], [`Command`] (or [`PreparedCommand`]) and [`Query`].

mod by_id;
mod command;
mod declaration;
mod query;

pub use by_id::ById;
pub use command::{Command, PreparedCommand};
pub use declaration::{PUBLIC_MAX_BODY, UseCase};
pub use query::Query;
