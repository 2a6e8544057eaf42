//! Frames of WebSockets, and positions of event streams.

use crate::with_text;
use mainstay_realtime::fuzzing;

/// Reads any text as a frame of a client.
pub fn client_frame(bytes: &[u8]) {
    with_text(bytes, fuzzing::client_frame);
}

/// Reads any text as the `id` of an event, and as channels.
pub fn stream_position(bytes: &[u8]) {
    with_text(bytes, fuzzing::stream_position);
}
