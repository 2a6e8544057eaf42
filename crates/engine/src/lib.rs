//! Runs use cases, and knows none of the product's.
//!
//! A request on any interface becomes one value, a use case, and goes through one function,
//! [`Pipeline::command`] or [`Pipeline::query`]. Nothing else reaches the repositories. Beside the pipeline stand the
//! mechanisms that it relies on: background jobs, the outbox and its relay, the audit chain, the access directory, the
//! signing keys, the caches. [`Engine`] bundles them; each takes in its constructor what it needs.
//!
//! What the engine carries for use cases without knowing it (the ports and settings of the product, or of an
//! application that extends it) is in [`Extensions`].

#![warn(
    clippy::map_err_ignore,
    reason = "a failure of the database must not become the client's mistake: `map_err(|_| ...)` forgets which it was"
)]

pub mod access;
pub mod audit;
pub mod cache;
mod clock_skew;
mod components;
pub mod context;
mod engine;
mod exported_tables;
mod extensions;
pub mod job;
pub mod key;
pub mod mail;
mod node;
pub mod outbox;
pub mod pipeline;
mod policies;
mod readiness;
pub mod request_context;
mod row_finders;
mod security_log;
mod sweeper;
mod use_case;
mod write_probe;

pub use cache::{CacheView, CachedResources};
pub use clock_skew::{ClockMonitor, ClockSkew};
pub use components::Components;
pub use context::{CallerRows, CommandContext, PrepareContext, PrepareWrite, QueryContext, Repositories};
pub use engine::{Engine, Parts};
pub use exported_tables::{ExportedTable, ExportedTables, OwnedRow, OwnedRows};
pub use extensions::Extensions;
pub use job::BackgroundJob;
pub use mainstay_platform::config::Secret;
pub use mainstay_repositories::FilterKind;
pub use node::{Node, Wakes};
pub use pipeline::{Done, Pipeline};
pub use policies::Policies;
pub use readiness::{Readiness, ReadinessProbe};
pub use request_context::{IdempotencyKey, Origin, RequestContext};
pub use row_finders::{RowFinder, RowFinders};
pub use security_log::SecurityLog;
pub use sweeper::Sweeper;
pub use use_case::{
    ById, Command, List, Listed, PUBLIC_MAX_BODY, PreparedCommand, Query, Removable, Remove, StagedCommand,
    UseCase, parameter_name,
};
