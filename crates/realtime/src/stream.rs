//! Channels as a stream of server-sent events.

use crate::frame::ServerFrame;
use crate::history::History;
use crate::hub::Hub;
use crate::message::Message;
use crate::subscriber::{Since, Subscribed, Subscriber};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use mainstay_domain::channel::Channel;
use mainstay_domain::{Error, Result};
use mainstay_edge::answer::{Answer, set};
use mainstay_edge::input::Query;
use mainstay_edge::{Operation, Route, route};
use mainstay_services::channel::Stream;
use serde::Deserialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// Maximum number of channels of one stream.
const MAX_CHANNELS: usize = 20;
/// How often a comment shows that the connection lives.
const COMMENT: Duration = Duration::from_secs(25);
/// About how many bytes are sent at once.
const CHUNK: usize = 16 * 1024;

pub(crate) fn route() -> Route {
    route!(Stream, open)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StreamParams {
    channels: Option<String>,
    last_event_id: Option<String>,
}

/// Server-sent events.
#[derive(ToSchema)]
#[schema(as = EventStream, value_type = String)]
#[expect(dead_code, reason = "only its shape is shown")]
struct EventStreamSchema(String);

/// Opens a stream of server-sent events of channels. The first events are `subscribed`, one for each channel; those of the
/// type `message` follow. Their `id` resumes the stream after its connection broke: as `Last-Event-ID`, or as the parameter
/// `lastEventId`. The stream ends when the session ends.
#[utoipa::path(get, path = "/api/stream", tag = "realtime",
    params(("channels" = String, Query, description = "One to 20 channels, separated by commas: `user:<id>`, `orders:<id>`, `products` or `room:<name>`"),
        ("lastEventId" = Option<String>, Query, description = "The `id` of the last event that was received"),
        ("last-event-id" = Option<String>, Header, description = "The same; browsers send it when they connect again")),
    responses((status = 200, description = "The events", body = EventStreamSchema, content_type = "text/event-stream")))]
async fn open(
    operation: Operation<Stream>,
    Query(params): Query<StreamParams>,
    headers: HeaderMap,
) -> Answer {
    let hub = Arc::clone(operation.route_state().extension::<Hub>()?);
    let caller = operation.live_caller();
    operation.query(Stream).await?;
    let channels = channels(params.channels.as_deref().unwrap_or_default())?;
    let header = headers
        .get("last-event-id")
        .map(|value| value.to_str().unwrap_or("?"));
    let since = header
        .or(params.last_event_id.as_deref())
        .map(|id| positions(id, channels.len()));
    let mut events = Events::new(Subscriber::new(&hub, caller), hub);
    for (at, channel) in channels.into_iter().enumerate() {
        let since = since.as_ref().map(|since| &since[at]);
        events.subscribe(channel, since).await?;
    }
    let body = stream::unfold(events, |mut events| async move {
        let chunk = events.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(chunk)), events))
    });
    let mut response = Response::new(Body::from_stream(body));
    set(&mut response, CONTENT_TYPE, "text/event-stream");
    set(&mut response, CACHE_CONTROL, "no-store");
    Ok(response)
}

/// The channels of a request, in the order of their names, in which an `id` lists their positions.
fn channels(text: &str) -> Result<Vec<Channel>> {
    let bad = |message: &str| Error::BadRequest(message.to_owned());
    let parsed = text.split(',').map(str::parse::<Channel>);
    let parsed: std::result::Result<Vec<_>, _> = parsed.take(MAX_CHANNELS + 1).collect();
    let mut channels = parsed.map_err(|_| bad("channels must be names of channels, separated by commas"))?;
    let count = channels.len();
    channels.sort();
    channels.dedup();
    match count {
        ..=MAX_CHANNELS if channels.len() == count => Ok(channels),
        ..=MAX_CHANNELS => Err(bad("channels names a channel twice")),
        _ => Err(bad("channels names too many channels")),
    }
}

/// The positions that an `id` lists: `epoch:offset` for each channel. One that is unreadable is no position of any epoch.
fn positions(id: &str, count: usize) -> Vec<Since> {
    let unknown = || Since {
        epoch: String::new(),
        offset: 0,
    };
    let parse = |part: &str| {
        let (epoch, offset) = part.split_once(':')?;
        Some(Since {
            epoch: epoch.to_owned(),
            offset: offset.parse().ok()?,
        })
    };
    let mut listed: Vec<Since> = id
        .split(',')
        .take(count + 1)
        .map(|part| parse(part).unwrap_or_else(unknown))
        .collect();
    if listed.len() != count {
        listed.clear();
    }
    listed.resize_with(count, unknown);
    listed
}

/// A stream, and where it is.
struct Events {
    subscriber: Subscriber,
    hub: Arc<Hub>,
    positions: Vec<Position>,
    /// Events that are not part of a channel.
    notes: VecDeque<String>,
    /// What has to be sent before messages that arrive.
    histories: VecDeque<History>,
}

struct Position {
    channel: Channel,
    epoch: String,
    offset: i64,
}

impl Events {
    fn new(subscriber: Subscriber, hub: Arc<Hub>) -> Self {
        Self {
            subscriber,
            hub,
            positions: Vec::new(),
            notes: VecDeque::new(),
            histories: VecDeque::new(),
        }
    }

    async fn subscribe(&mut self, channel: Channel, since: Option<&Since>) -> Result<()> {
        let Subscribed {
            epoch,
            offset,
            recovered,
            history,
        } = self.subscriber.subscribe(&channel, since).await?;
        let frame = ServerFrame::new("subscribed", None)
            .about(&channel)
            .at(offset)
            .in_epoch(&epoch, recovered);
        self.notes
            .push_back(format!("event: subscribed\ndata: {}\n", frame.text()));
        let missed = since.filter(|_| recovered == Some(true));
        self.positions.push(Position {
            channel,
            epoch,
            // Until what was missed is sent, a client that comes back has to get it again.
            offset: missed.map_or(offset, |since| since.offset),
        });
        self.histories.push_back(history);
        Ok(())
    }

    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        let mut chunk = String::new();
        loop {
            if self.subscriber.queue.has_overflowed() || self.hub.stopping().is_cancelled() {
                return None;
            }
            for channel in self.subscriber.check().await.ok()? {
                let frame = ServerFrame::new("unsubscribed", None).about(&channel);
                self.notes
                    .push_back(format!("event: unsubscribed\ndata: {}\n", frame.text()));
            }
            if let Some(note) = self.notes.pop_front() {
                let id = self.id();
                let _ = write!(chunk, "id: {id}\n{note}\n");
            } else if self.subscriber.channels() == 0 {
                return (!chunk.is_empty()).then_some(chunk);
            } else if let Some(message) = self.message().await.ok()? {
                self.advance(&message);
                let id = self.id();
                let _ = write!(chunk, "id: {id}\nevent: message\ndata: {}\n\n", message.frame);
            } else if !chunk.is_empty() {
                return Some(chunk);
            } else {
                let (queue, stopping) = (Arc::clone(&self.subscriber.queue), self.hub.stopping().clone());
                tokio::select! {
                    () = stopping.cancelled() => return None,
                    () = queue.woken() => {}
                    () = tokio::time::sleep(COMMENT) => return Some(":\n\n".to_owned()),
                }
            }
            if chunk.len() > CHUNK {
                return Some(chunk);
            }
        }
    }

    /// The next message of what was missed, then of what arrives.
    async fn message(&mut self) -> Result<Option<Arc<Message>>> {
        while let Some(history) = self.histories.front_mut() {
            if let Some(message) = history.next(&self.subscriber.caller).await? {
                return Ok(Some(message));
            }
            self.histories.pop_front();
        }
        Ok(self.subscriber.next())
    }

    fn advance(&mut self, message: &Message) {
        let mut positions = self.positions.iter_mut();
        let position = positions.find(|one| one.channel == message.channel);
        if let (Some(position), Some(offset)) = (position, message.offset) {
            position.offset = offset;
        }
    }

    /// The `id` of an event: the positions of all channels after it.
    fn id(&self) -> String {
        let mut id = String::new();
        for Position { epoch, offset, .. } in &self.positions {
            let comma = if id.is_empty() { "" } else { "," };
            let _ = write!(id, "{comma}{epoch}:{offset}");
        }
        id
    }
}

/// Entry points of the fuzz targets; compiled for them alone.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    /// Reads any text as the `id` of an event and as channels.
    ///
    /// # Panics
    /// When another number of positions than that of the channels is read.
    pub fn stream_position(text: &str) {
        let count = super::channels(text).map_or(3, |channels| channels.len());
        assert_eq!(super::positions(text, count).len(), count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_is_named_once() {
        let named = |text: &str| channels(text).map(|channels| channels.len());
        assert_eq!(named("room:b,products,room:a").unwrap(), 3);
        for text in ["", ",", "products,", "products,products", "jobs"] {
            assert!(named(text).is_err(), "{text}");
        }
        let many: Vec<String> = (0..=MAX_CHANNELS)
            .map(|number| format!("room:{number}"))
            .collect();
        assert!(named(&many.join(",")).is_err());
        assert_eq!(named(&many[1..].join(",")).unwrap(), MAX_CHANNELS);
    }

    #[test]
    fn an_unreadable_position_is_none_of_ours() {
        let known = |epoch: &str, offset| Since {
            epoch: epoch.to_owned(),
            offset,
        };
        assert_eq!(positions("e:5,f:6", 2), [known("e", 5), known("f", 6)]);
        for text in ["", "e:5", "e:5,f:6,g:7", "e5,f6", "e:x,:"] {
            let read = positions(text, 2);
            assert_eq!(read, [known("", 0), known("", 0)], "{text}");
        }
    }
}
