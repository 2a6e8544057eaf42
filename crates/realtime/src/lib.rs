//! The realtime interface: channels over WebSockets and server-sent events.
//!
//! A [`Hub`] of each process delivers messages to its subscribers. It reads them from the log of relayed events, those of
//! every node, so they follow the commit; a client that was away gets what it missed from the same log. Access is that of
//! the policies: it is checked when a client subscribes, and again whenever access changes.

mod close;
mod feeder;
mod frame;
mod history;
mod hub;
mod message;
mod queue;
mod request_log;
mod requests;
mod rooms;
mod routes;
mod socket;
mod stream;
mod subscriber;

pub use feeder::start;
pub use hub::{Hub, HubCounts};
pub use routes::{frames, routes};

/// Entry points of the fuzz targets (`fuzz/`); compiled for them alone.
#[cfg(fuzzing)]
pub mod fuzzing {
    pub use crate::frame::fuzzing::client_frame;
    pub use crate::stream::fuzzing::stream_position;
}
