//! What all doors over HTTP share.
//!
//! - [`chain`] is the one layer around every request: id, client, limits of size and time, headers, log line.
//! - [`door`] is the only way from a handler to a use case, and [`routes`] the only way to mount a handler.
//! - [`input`] reads requests strictly; [`answer`] dresses answers and failures.
//! - [`cookies`] and [`server`] are what their names say.

pub mod answer;
mod budget;
pub mod chain;
mod connections;
pub mod cookies;
mod credential;
pub mod door;
mod exchange;
pub mod input;
pub mod open;
mod options;
mod outgoing;
mod place;
pub mod routes;
pub mod server;
mod shares;

pub use answer::{Answer, Refusal};
pub use chain::{Chain, ChainParts};
pub use door::Door;
pub use exchange::Exchange;
pub use open::Open;
pub use options::EdgeOptions;
pub use outgoing::OutgoingBody;
pub use place::Place;
pub use routes::{Route, RouteRow, Routes};

/// What the macros of this crate need in the crates that use them.
#[doc(hidden)]
pub mod macros {
    pub use pastey::paste;
}
