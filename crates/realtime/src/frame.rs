//! The frames of clients, and the answers to them.

use crate::message::text;
use crate::subscriber::Since;
use mainstay_domain::Error;
use mainstay_domain::channel::{Channel, RoomName};
use mainstay_domain::id::UserId;
use mainstay_edge::PublicError;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Maximum bytes of an `id` that the server echoes.
const MAX_ID: usize = 128;

/// What a client requests.
#[derive(Debug)]
pub(crate) enum Request {
    Authenticate { token: String },
    Subscribe { channel: Channel, since: Option<Since> },
    Unsubscribe { channel: Channel },
    Publish { name: RoomName, payload: Box<RawValue> },
    Presence { name: RoomName },
    Ping,
}

/// A frame of a client.
#[derive(Debug)]
pub(crate) struct ClientFrame {
    /// Echoed in the answer.
    pub(crate) id: Option<Id>,
    pub(crate) request: Request,
}

/// The `id` of a frame: a short text or a whole number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Id {
    Number(i64),
    Text(String),
}

/// Why a frame is not understood.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// As far as it was readable.
    pub(crate) id: Option<Id>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields<'f> {
    r#type: Cow<'f, str>,
    id: Option<Id>,
    token: Option<String>,
    channel: Option<Cow<'f, str>>,
    since: Option<Since>,
    /// `null` is a payload, too.
    #[serde(default, deserialize_with = "present")]
    payload: Option<Box<RawValue>>,
}

fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(value).map(Some)
}

/// Reads a frame strictly: an unknown type or field, or a field that the type does not have, is an error.
pub(crate) fn read(frame: &str) -> Result<ClientFrame, Unreadable> {
    let fields: Fields<'_> = serde_json::from_str(frame).map_err(|_| Unreadable { id: None })?;
    let id = fields.id.clone();
    let is_short = !matches!(&id, Some(Id::Text(text)) if text.len() > MAX_ID);
    if !is_short {
        return Err(Unreadable { id: None });
    }
    match request(fields) {
        Some(request) => Ok(ClientFrame { id, request }),
        None => Err(Unreadable { id }),
    }
}

fn request(fields: Fields<'_>) -> Option<Request> {
    let Fields {
        r#type,
        id: _,
        token,
        channel,
        since,
        payload,
    } = fields;
    let channel = match channel {
        Some(text) => Some(text.parse::<Channel>().ok()?),
        None => None,
    };
    match (&*r#type, token, channel, since, payload) {
        ("authenticate", Some(token), None, None, None) => Some(Request::Authenticate { token }),
        ("subscribe", None, Some(channel), since, None) => Some(Request::Subscribe { channel, since }),
        ("unsubscribe", None, Some(channel), None, None) => Some(Request::Unsubscribe { channel }),
        ("publish", None, Some(Channel::Room(name)), None, Some(payload)) => {
            Some(Request::Publish { name, payload })
        }
        ("presence", None, Some(Channel::Room(name)), None, None) => Some(Request::Presence { name }),
        ("ping", None, None, None, None) => Some(Request::Ping),
        _ => None,
    }
}

/// An answer of the server.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerFrame<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovered: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<RoomMember>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Cow<'a, str>>,
}

/// A member of a room.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomMember {
    user_id: UserId,
    connections: usize,
}

impl<'a> ServerFrame<'a> {
    /// An answer of a type, to the frame with an id.
    pub(crate) fn new(r#type: &'static str, id: Option<Id>) -> Self {
        Self {
            r#type,
            id,
            ..Self::default()
        }
    }

    /// The same, about a channel.
    pub(crate) fn about(self, channel: &Channel) -> Self {
        Self {
            channel: Some(channel.to_string()),
            ..self
        }
    }

    /// The same, with an offset.
    pub(crate) fn at(self, offset: i64) -> Self {
        Self {
            offset: Some(offset),
            ..self
        }
    }

    /// The same, with an epoch and whether the client missed nothing.
    pub(crate) fn in_epoch(self, epoch: &'a str, recovered: Option<bool>) -> Self {
        Self {
            epoch: Some(epoch),
            recovered,
            ..self
        }
    }

    /// The same, with the members of a room.
    pub(crate) fn with_members(self, members: Vec<(UserId, usize)>) -> Self {
        let members = members
            .into_iter()
            .map(|(user_id, connections)| RoomMember { user_id, connections });
        Self {
            members: Some(members.collect()),
            ..self
        }
    }

    /// An error.
    pub(crate) fn error(error: &'a Error, id: Option<Id>) -> Self {
        let PublicError { code, message, .. } = PublicError::from(error);
        Self {
            code: Some(code.as_str()),
            message: Some(message),
            ..Self::new("error", id)
        }
    }

    /// The answer to a frame that is not understood.
    pub(crate) fn unreadable(id: Option<Id>) -> Self {
        Self {
            code: Some("BAD_REQUEST"),
            message: Some("Invalid message".into()),
            ..Self::new("error", id)
        }
    }

    /// The frame as text.
    pub(crate) fn text(&self) -> Utf8Bytes {
        text(self)
    }
}

/// Entry points of the fuzz targets; compiled for them alone.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    use super::*;

    /// Reads any text as a frame of a client.
    ///
    /// # Panics
    /// When a frame that is understood names a channel in another spelling than the channel's own.
    pub fn client_frame(text: &str) {
        match read(text) {
            Ok(frame) => {
                if let Request::Subscribe { channel, .. } = &frame.request {
                    assert_eq!(channel.to_string().parse().as_ref(), Ok(channel));
                }
                let _ = ServerFrame::new("pong", frame.id).text();
            }
            Err(Unreadable { id }) => drop(ServerFrame::unreadable(id).text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_has_its_fields_and_no_other() {
        for frame in [
            r#"{"type":"authenticate","token":"x"}"#,
            r#"{"type":"subscribe","channel":"products"}"#,
            r#"{"type":"subscribe","id":7,"channel":"products","since":{"epoch":"e","offset":5}}"#,
            r#"{"type":"unsubscribe","channel":"room:lobby","id":"a"}"#,
            r#"{"type":"publish","channel":"room:lobby","payload":{"any":["thing"]}}"#,
            r#"{"type":"publish","channel":"room:lobby","payload":null}"#,
            r#"{"type":"presence","channel":"room:lobby"}"#,
            r#"{"type":"ping"}"#,
        ] {
            assert!(read(frame).is_ok(), "{frame}");
        }
        for frame in [
            "",
            "[]",
            "null",
            "{}",
            r#"{"type":"ping""#,
            r#"{"type":"ping","channel":"products"}"#,
            r#"{"type":"ping","type":"ping"}"#,
            r#"{"type":"Ping"}"#,
            r#"{"type":"ping","id":{}}"#,
            r#"{"type":"ping","more":1}"#,
            r#"{"type":"authenticate"}"#,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","channel":"products:"}"#,
            r#"{"type":"subscribe","channel":["products"]}"#,
            r#"{"type":"subscribe","channel":"products","since":5}"#,
            r#"{"type":"subscribe","channel":"products","since":{"epoch":"e","offset":"5"}}"#,
            r#"{"type":"publish","channel":"products","payload":1}"#,
            r#"{"type":"publish","channel":"room:lobby"}"#,
            r#"{"type":"presence","channel":"products"}"#,
        ] {
            assert!(read(frame).is_err(), "{frame}");
        }
        let id = read(r#"{"type":"nothing","id":"7"}"#).unwrap_err().id;
        assert_eq!(id, Some(Id::Text("7".to_owned())));
        let long = format!(r#"{{"type":"ping","id":"{}"}}"#, "x".repeat(MAX_ID + 1));
        assert!(read(&long).unwrap_err().id.is_none());
        assert!(read(&"[".repeat(60_000)).is_err());
    }
}
