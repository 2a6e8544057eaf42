//! Shared foundation of all interfaces over HTTP.
//!
//! - [`entry`] makes a request context out of plain values, and [`public_error`] is what clients learn of an error: both
//!   are the same for every interface, whatever its protocol.
//! - [`middleware`] wraps every request: request id, client address, size and time limits, headers, access log.
//! - [`operation`] is the only way from a handler to a use case, and [`routes`] the only way to mount a handler.
//! - [`input`] parses requests strictly; [`answer`] builds responses and renders errors.
//! - [`cookies`] sets and reads the cookies of browsers: tokens, and what binds a browser to a sign-in that it began;
//!   [`server`] accepts connections and shuts down gracefully.

pub mod answer;
mod budget;
mod connections;
pub mod cookies;
mod credential;
pub mod entry;
pub mod input;
mod live_caller;
pub mod middleware;
pub mod operation;
mod options;
mod outgoing;
pub mod public_endpoint;
pub mod public_error;
mod request_state;
mod route_state;
pub mod routes;
pub mod server;
mod shares;
mod socket;

pub use answer::{Answer, ApiError};
pub use entry::Entry;
pub use live_caller::LiveCaller;
pub use middleware::{Middleware, MiddlewareParts};
pub use operation::{LaterQueries, Operation};
pub use options::EdgeOptions;
pub use outgoing::OutgoingBody;
pub use public_endpoint::PublicEndpoint;
pub use public_error::PublicError;
pub use request_state::RequestState;
pub use route_state::RouteState;
pub use routes::{Route, RouteRow, Routes};
pub use socket::{OpenedSocket, SocketRequest, SocketStream};

/// Entry points of the fuzz targets (`fuzz/`); compiled for them alone.
#[cfg(fuzzing)]
pub mod fuzzing {
    pub use crate::cookies::fuzzing::cookies;
    pub use crate::input::fuzzing::{body, form, headers, idempotency_key, list_params};
    pub use crate::middleware::fuzzing::addresses;
}

/// Re-exports that the macros of this crate need in the crates that use them.
#[doc(hidden)]
pub mod macros {
    pub use pastey::paste;
}
