//! One WebSocket connection.

use crate::close::Close;
use crate::frame::{self, ServerFrame};
use crate::hub::Hub;
use crate::requests::answer;
use crate::subscriber::Subscriber;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use mainstay_domain::Error;
use mainstay_domain::channel::Channel;
use mainstay_domain::time::Timestamp;
use mainstay_edge::{LiveCaller, OpenedSocket, SocketStream};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::{Interval, MissedTickBehavior, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message as Wire, Utf8Bytes};

/// Maximum bytes of a message, and of each of its frames.
pub(crate) const MAX_MESSAGE: usize = 64 * 1024;
/// Maximum number of frames of a client in a [`WINDOW`].
pub(crate) const MAX_FRAMES: u32 = 60;
/// The period that frames are counted in.
pub(crate) const WINDOW: Duration = Duration::from_secs(10);
/// How long a client may take to authenticate by its first frame.
pub(crate) const FIRST_FRAME: Duration = Duration::from_secs(5);
/// How often the server pings.
pub(crate) const PING: Duration = Duration::from_secs(25);
/// How many pings a client may leave without any sign of life.
pub(crate) const MAX_UNANSWERED: u32 = 2;
/// How long a client may take to accept the next frame.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the server waits for the client's side of the closing handshake.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Messages that are written before the client's frames are read again.
const BATCH: usize = 64;
/// Size of the buffers of a connection: small, because most connections are idle.
const BUFFER: usize = 4 * 1024;

/// A connection.
pub(crate) struct Socket<S> {
    wire: WebSocketStream<S>,
    pub(crate) hub: Arc<Hub>,
    frames: FrameCount,
    unanswered: u32,
}

/// Serves a connection until it ends.
pub(crate) async fn serve<S: SocketStream>(opened: OpenedSocket<S>, hub: Arc<Hub>) {
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(4 * MAX_MESSAGE)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
        .accept_unmasked_frames(false);
    let wire = WebSocketStream::from_raw_socket(opened.stream, Role::Server, Some(config)).await;
    let mut socket = Socket {
        wire,
        frames: FrameCount::new(hub.now()),
        hub,
        unanswered: 0,
    };
    let Err(close) = socket.run(opened.caller, opened.presented).await;
    socket.close(close).await;
}

/// What never happens: a connection runs until it is closed.
pub(crate) enum Never {}

impl<S: SocketStream> Socket<S> {
    async fn run(
        &mut self,
        mut caller: LiveCaller,
        presented: mainstay_domain::Result<bool>,
    ) -> Result<Never, Close> {
        let is_signed_in = presented.map_err(|error| Close::refused(&error))?;
        if is_signed_in {
            let admitted = caller.admit(Channel::ACCESS);
            admitted.map_err(|error| Close::refused(&error))?;
        } else {
            let first = timeout(FIRST_FRAME, self.authenticate_first(&mut caller)).await;
            first.map_err(|_elapsed| Close::UNAUTHENTICATED)??;
        }
        let mut subscriber = Subscriber::new(&self.hub, caller);
        let mut pings = pings().await;
        loop {
            self.check(&mut subscriber).await?;
            self.deliver(&mut subscriber).await?;
            let (queue, stopping) = (Arc::clone(&subscriber.queue), self.hub.stopping().clone());
            tokio::select! {
                () = stopping.cancelled() => return Err(Close::STOPPING),
                () = queue.woken() => {}
                received = self.wire.next() => {
                    if let Some(text) = self.received(received, &subscriber).await? {
                        self.check(&mut subscriber).await?;
                        answer(self, &mut subscriber, &text).await?;
                    }
                }
                _ = pings.tick() => self.ping(&subscriber).await?,
            }
        }
    }

    /// Waits for the frame that authenticates.
    async fn authenticate_first(&mut self, caller: &mut LiveCaller) -> Result<(), Close> {
        loop {
            let stopping = self.hub.stopping().clone();
            let received = tokio::select! {
                () = stopping.cancelled() => return Err(Close::STOPPING),
                received = self.wire.next() => received,
            };
            let text = match self.counted(received)? {
                Wire::Text(text) => text,
                Wire::Binary(_) => return Err(Close::UNAUTHENTICATED),
                Wire::Ping(_) | Wire::Pong(_) | Wire::Frame(_) | Wire::Close(_) => continue,
            };
            let Ok(frame::ClientFrame {
                id,
                request: frame::Request::Authenticate { token },
            }) = frame::read(&text)
            else {
                return Err(Close::UNAUTHENTICATED);
            };
            let authenticated = caller
                .authenticate(&token, Channel::ACCESS, "channel.connect")
                .await;
            authenticated.map_err(|error| Close::refused(&error))?;
            let frame = ServerFrame::new("authenticated", id).text();
            let sent = timeout(WRITE_TIMEOUT, self.wire.send(Wire::Text(frame))).await;
            return match sent {
                Ok(Ok(())) => Ok(()),
                _ => Err(Close::GONE),
            };
        }
    }

    /// Counts a received frame.
    fn counted(&mut self, received: Option<Result<Wire, tungstenite::Error>>) -> Result<Wire, Close> {
        let wire = match received {
            Some(Ok(Wire::Close(_))) | None => return Err(Close::GONE),
            Some(Ok(wire)) => wire,
            Some(Err(error)) => return Err(end_of(&error)),
        };
        self.unanswered = 0;
        match self.frames.admit(self.hub.now()) {
            true => Ok(wire),
            false => Err(Close::TOO_MANY_FRAMES),
        }
    }

    /// The text of a received frame; `None` for control frames, and for data that is no text, which is answered here.
    async fn received(
        &mut self,
        received: Option<Result<Wire, tungstenite::Error>>,
        subscriber: &Subscriber,
    ) -> Result<Option<Utf8Bytes>, Close> {
        match self.counted(received)? {
            Wire::Text(text) => Ok(Some(text)),
            Wire::Binary(_) => {
                let frame = ServerFrame::unreadable(None).text();
                self.send(frame, subscriber).await?;
                Ok(None)
            }
            Wire::Ping(_) | Wire::Pong(_) | Wire::Close(_) | Wire::Frame(_) => Ok(None),
        }
    }

    /// Closes the connection if the session has ended, and ends the subscriptions to which the right has ended. Called
    /// before each frame that is sent: none follows the end of the session.
    pub(crate) async fn check(&mut self, subscriber: &mut Subscriber) -> Result<(), Close> {
        if subscriber.queue.has_overflowed() {
            return Err(Close::TOO_SLOW);
        }
        let ended = subscriber.check().await.map_err(|error| Close::refused(&error))?;
        self.ended(&ended, subscriber).await
    }

    /// Informs the client that its right to channels has ended.
    pub(crate) async fn ended(&mut self, ended: &[Channel], subscriber: &Subscriber) -> Result<(), Close> {
        for channel in ended {
            let frame = ServerFrame::new("unsubscribed", None).about(channel).text();
            self.send(frame, subscriber).await?;
        }
        Ok(())
    }

    /// Sends the messages that wait.
    async fn deliver(&mut self, subscriber: &mut Subscriber) -> Result<(), Close> {
        let mut count = 0;
        while let Some(message) = subscriber.next() {
            if !subscriber.caller.is_current() {
                // The message that was taken is lost where the session has ended, and sent where it has not.
                self.check(subscriber).await?;
                if !subscriber.has(&message.channel) {
                    continue;
                }
            }
            self.write(Wire::Text(message.frame.clone()), subscriber, false)
                .await?;
            count += 1;
            if count == BATCH {
                subscriber.queue.wake();
                break;
            }
        }
        match count {
            0 => Ok(()),
            _ => self.flush(subscriber).await,
        }
    }

    /// Sends one frame.
    pub(crate) async fn send(&mut self, frame: Utf8Bytes, subscriber: &Subscriber) -> Result<(), Close> {
        self.write(Wire::Text(frame), subscriber, true).await
    }

    async fn write(&mut self, frame: Wire, subscriber: &Subscriber, flush: bool) -> Result<(), Close> {
        let wire = &mut self.wire;
        let write = async {
            match flush {
                true => wire.send(frame).await,
                false => wire.feed(frame).await,
            }
        };
        bounded(write, subscriber).await
    }

    async fn flush(&mut self, subscriber: &Subscriber) -> Result<(), Close> {
        bounded(self.wire.flush(), subscriber).await
    }

    async fn ping(&mut self, subscriber: &Subscriber) -> Result<(), Close> {
        if self.unanswered == MAX_UNANSWERED {
            return Err(Close::SILENT);
        }
        self.unanswered += 1;
        self.write(Wire::Ping(Bytes::new()), subscriber, true).await
    }

    /// Sends the reason, and gives the client a moment to read it.
    async fn close(mut self, close: Close) {
        let frame = close.code.map(|code| CloseFrame {
            code: CloseCode::from(code),
            reason: Utf8Bytes::from(&*close.reason),
        });
        let is_ours = frame.is_some();
        let handshake = async {
            if self.wire.close(frame).await.is_err() || !is_ours {
                return;
            }
            let _ = self.wire.flush().await;
            // What the client still sends is dropped: a connection that is closed with bytes unread is reset, and the
            // client would not see the reason.
            let (stream, mut bytes) = (self.wire.get_mut(), [0; 1024]);
            for _ in 0..1024 {
                match stream.read(&mut bytes).await {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
            }
        };
        let _ = timeout(CLOSE_TIMEOUT, handshake).await;
    }
}

/// Ends a write that takes too long: the client does not read.
async fn bounded(
    write: impl Future<Output = Result<(), tungstenite::Error>>,
    subscriber: &Subscriber,
) -> Result<(), Close> {
    tokio::select! {
        written = timeout(WRITE_TIMEOUT, write) => match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(end_of(&error)),
            Err(_elapsed) => Err(Close::TOO_SLOW),
        },
        () = subscriber.queue.overflow() => Err(Close::TOO_SLOW),
    }
}

/// The end that an error of the protocol leads to.
fn end_of(error: &tungstenite::Error) -> Close {
    match error {
        tungstenite::Error::Capacity(_) => Close::TOO_LARGE,
        tungstenite::Error::Utf8(_) => Close::NOT_UTF8,
        tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
            Close::GONE
        }
        tungstenite::Error::Protocol(_) => Close::PROTOCOL,
        _ => Close::GONE,
    }
}

/// The moments to ping at.
async fn pings() -> Interval {
    let mut pings = tokio::time::interval(PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first is now.
    pings.tick().await;
    pings
}

/// Counts the frames of a client.
struct FrameCount {
    since: Timestamp,
    count: u32,
}

impl FrameCount {
    fn new(now: Timestamp) -> Self {
        Self { since: now, count: 0 }
    }

    /// Counts a frame; whether the client may send it.
    fn admit(&mut self, now: Timestamp) -> bool {
        // A clock that was set back begins a new period, too.
        if now < self.since || now.since(self.since) >= WINDOW {
            *self = Self::new(now);
        }
        self.count += 1;
        self.count <= MAX_FRAMES
    }
}

/// The error of a use case, unless it means that the session has ended.
pub(crate) fn survives(error: &Error) -> Result<(), Close> {
    match error {
        Error::Unauthenticated(_) => Err(Close::refused(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_anew_in_each_period() {
        let at = Timestamp::from_seconds;
        let mut frames = FrameCount::new(at(100));
        for now in [100, 110, 121, 50] {
            for _ in 0..MAX_FRAMES {
                assert!(frames.admit(at(now)), "{now}");
            }
            assert!(!frames.admit(at(now)) && !frames.admit(at(now + 9)), "{now}");
        }
    }
}
