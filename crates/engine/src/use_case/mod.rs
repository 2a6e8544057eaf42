//! The traits of use cases: [`UseCase`], [`Command`] (or [`PreparedCommand`]) and [`Query`].

mod command;
mod declaration;
mod ordinary;
mod query;

pub use command::{Command, PreparedCommand};
pub use declaration::{PUBLIC_MAX_BODY, UseCase};
pub use ordinary::{List, Listed, Removable, Remove, parameter_name};
pub use query::Query;
