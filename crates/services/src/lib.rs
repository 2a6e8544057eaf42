//! The application's use cases, one per file.
//!
//! A request on any interface becomes one value, a use case, and goes through one function, [`Services::command`] or
//! [`Services::query`]. Nothing else reaches the repositories.

#![warn(
    clippy::map_err_ignore,
    reason = "a failure of the database must not become the client's mistake: `map_err(|_| ...)` forgets which it was"
)]

pub mod access;
pub mod account;
pub mod audit;
pub mod cache;
mod clock_skew;
pub mod context;
pub mod job;
pub mod key;
pub mod list;
pub mod mail;
pub mod metrics;
pub mod order;
pub mod payment;
pub mod pipeline;
pub mod ports;
pub mod product;
mod readiness;
pub mod request_context;
mod rows;
pub mod security;
mod services;
pub mod setup;
mod sweep;
pub mod use_case;
pub mod user;
mod write_probe;

pub use cache::CacheView;
pub use clock_skew::ClockSkew;
pub use context::{CommandContext, PrepareContext, QueryContext, Repositories};
pub use mainstay_platform::config::Secret;
pub use pipeline::Done;
pub use readiness::Readiness;
pub use request_context::{IdempotencyKey, Origin, RequestContext};
pub use rows::CallerRows;
pub use services::{Parts, Policies, Services};
pub use use_case::{BackgroundJob, ById, Command, PUBLIC_MAX_BODY, Query, UseCase};
