//! The traits of use cases: [`UseCase`], [`Command`] (or [`PreparedCommand`], [`StagedCommand`]) and [`Query`].

mod by_id;
mod command;
mod declaration;
mod ordinary;
mod query;

pub use by_id::ById;
pub use command::{Command, PreparedCommand, StagedCommand};
pub use declaration::{PUBLIC_MAX_BODY, UseCase};
pub use ordinary::{List, Listed, Removable, Remove, parameter_name};
pub use query::Query;
