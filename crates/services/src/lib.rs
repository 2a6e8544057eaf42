//! What the product does: one use case a file.
//!
//! A request on any door becomes one value, a use case, and goes through one function,
//! [`Services::command`] or [`Services::query`]. Nothing else reaches the repositories.

pub mod access;
pub mod account;
pub mod audit;
pub mod cache;
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
pub mod security;
mod services;
pub mod setup;
mod sweep;
pub mod use_case;
pub mod user;
pub mod work;

pub use cache::Known;
pub use context::{Context, IdempotencyKey, Origin};
pub use mainstay_platform::config::Secret;
pub use pipeline::Done;
pub use readiness::Readiness;
pub use services::{Parts, Policies, Services};
pub use use_case::{Command, Job, PUBLIC_MAX_BODY, Query, UseCase};
pub use work::{Outside, Repositories, View, Work};
