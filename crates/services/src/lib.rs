//! The product's use cases, one per file, with the ports and settings that they need.
//!
//! `mainstay-engine` runs them; a use case finds the product's ports and settings among its
//! [`Extensions`](mainstay_engine::Extensions), where the composition root inserted them.

#![warn(
    clippy::map_err_ignore,
    reason = "a failure of the database must not become the client's mistake: `map_err(|_| ...)` forgets which it was"
)]

pub mod access;
pub mod account;
pub mod api_key;
pub mod audit;
pub mod channel;
pub mod data_export;
mod extensions;
pub mod job;
pub mod list;
pub mod mail;
pub mod metrics;
pub mod order;
pub mod payment;
pub mod ports;
pub mod product;
mod repositories;
pub mod role;
pub mod setup;
mod spelled;
pub mod user;
pub mod webhook;

pub use extensions::check_extensions;
pub use repositories::ShopRepositories;
