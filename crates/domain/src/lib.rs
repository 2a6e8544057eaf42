//! The domain: resources of Mainstay and their rules.
//!
//! Everything here is pure: no I/O, no ambient time, no randomness. A value that can be constructed here is valid, so
//! the layers above never check it again.
//!
//! [`access`] is the only module that decides what a caller may do.

pub mod access;
pub mod api_key;
pub mod attributes;
pub mod audit;
pub mod bounded;
pub mod channel;
pub mod currency;
pub mod data_export;
pub mod device;
pub mod email;
pub mod email_code;
pub mod error;
pub mod event;
pub mod factor;
pub mod host;
pub mod id;
pub mod identity;
pub mod job;
pub mod key;
pub mod locale;
pub mod master_key;
pub mod money;
pub mod name;
pub mod one_time_token;
pub mod order;
mod order_number;
pub mod page;
pub mod passkey;
pub mod password;
pub mod payment;
pub mod product;
pub mod random;
pub mod resources;
pub mod role;
mod schema;
pub mod security;
pub mod session;
pub mod state;
pub mod string_enum;
pub mod text;
pub mod time;
pub mod tries;
pub mod user;
pub mod validation;
pub mod webhook;

pub use error::{Error, Result};
