//! Why the server closes a connection.

use mainstay_domain::Error;
use mainstay_edge::PublicError;
use std::borrow::Cow;

/// The end of a connection: a close code (RFC 6455, 7.4) and a reason for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Close {
    /// The code; `None` when the client is gone, or ended the connection itself.
    pub(crate) code: Option<u16>,
    /// At most 123 bytes.
    pub(crate) reason: Cow<'static, str>,
}

impl Close {
    /// The client is gone, or has closed the connection.
    pub(crate) const GONE: Self = Self {
        code: None,
        reason: Cow::Borrowed(""),
    };
    /// The process stops.
    pub(crate) const STOPPING: Self = Self::new(1001, "the server is going away");
    /// The client broke the protocol.
    pub(crate) const PROTOCOL: Self = Self::new(1002, "protocol error");
    /// The client sent a text that is not UTF-8.
    pub(crate) const NOT_UTF8: Self = Self::new(1007, "a text is not UTF-8");
    /// The client did not authenticate in time, or sent something else first.
    pub(crate) const UNAUTHENTICATED: Self = Self::new(1008, "UNAUTHORIZED");
    /// The client sends more frames than it may.
    pub(crate) const TOO_MANY_FRAMES: Self = Self::new(1008, "RATE_LIMITED: too many frames");
    /// The client subscribes to more channels than it may.
    pub(crate) const TOO_MANY_CHANNELS: Self = Self::new(1008, "too many channels");
    /// The client answers no pings.
    pub(crate) const SILENT: Self = Self::new(1008, "no answer to pings");
    /// A frame or a message is too large.
    pub(crate) const TOO_LARGE: Self = Self::new(1009, "a message is larger than 64 KiB");
    /// The client does not read as fast as messages arrive.
    pub(crate) const TOO_SLOW: Self = Self::new(4008, "too slow");

    const fn new(code: u16, reason: &'static str) -> Self {
        Self {
            code: Some(code),
            reason: Cow::Borrowed(reason),
        }
    }

    /// The end that follows from an error of authentication: 1008 and the code, or 1013 where the server is at fault.
    pub(crate) fn refused(error: &Error) -> Self {
        let code = match mainstay_edge::LiveCaller::is_refusal(error) {
            true => 1008,
            false => 1013,
        };
        Self {
            code: Some(code),
            reason: Cow::Borrowed(PublicError::from(error).code.as_str()),
        }
    }
}
