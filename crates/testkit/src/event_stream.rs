//! A client of server-sent events.

use reqwest::Response;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// How long a test waits for an event that has to come.
const EVENT_TIMEOUT: Duration = Duration::from_secs(20);

/// An open stream.
pub struct EventStream {
    response: Response,
    text: String,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEvent {
    /// With which the stream is resumed.
    pub id: String,
    /// The type: `subscribed`, `message` or `unsubscribed`.
    pub kind: String,
    /// The frame.
    pub data: Value,
}

impl EventStream {
    pub(crate) fn new(response: Response) -> Self {
        Self {
            response,
            text: String::new(),
        }
    }

    /// The next event; `None` at the end. Comments are skipped.
    ///
    /// # Panics
    /// When no event comes in time.
    pub async fn next(&mut self) -> Option<StreamEvent> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let parsed = parse(event);
                self.text = rest.to_owned();
                if parsed.is_some() {
                    return parsed;
                }
            }
            let chunk = timeout(EVENT_TIMEOUT, self.response.chunk()).await;
            let chunk = chunk.expect("an event comes in time").ok().flatten()?;
            self.text.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    /// The next event, after asserting its type.
    ///
    /// # Panics
    /// When the stream ends, or the event has another type.
    pub async fn expect(&mut self, kind: &str) -> StreamEvent {
        let event = self.next().await.expect("the stream goes on");
        assert_eq!(event.kind, kind, "{event:?}");
        event
    }
}

fn parse(event: &str) -> Option<StreamEvent> {
    let field = |name: &str| {
        let lines = event.lines().filter_map(|line| line.strip_prefix(name));
        lines.map(str::trim_start).next().map(str::to_owned)
    };
    Some(StreamEvent {
        id: field("id:")?,
        kind: field("event:")?,
        data: serde_json::from_str(&field("data:")?).expect("frames are JSON"),
    })
}
