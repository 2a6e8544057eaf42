//! A WebSocket client.

use crate::node::Node;
use crate::users::TestUser;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

/// How long a test waits for a frame that has to come.
const FRAME_TIMEOUT: Duration = Duration::from_secs(20);

/// An open WebSocket.
pub struct Socket {
    wire: WebSocketStream<TcpStream>,
}

impl Node {
    /// Opens a WebSocket with these headers.
    ///
    /// # Panics
    /// When the handshake is refused.
    pub async fn socket(&self, headers: &[(&str, &str)]) -> Socket {
        let (status, stream) = self.handshake(headers).await;
        assert_eq!(status, 101, "the handshake was refused");
        Socket {
            wire: WebSocketStream::from_raw_socket(stream, Role::Client, None).await,
        }
    }

    /// Sends the handshake of a WebSocket, with these headers in place of the usual ones of their names; returns the status of the answer, and the connection.
    ///
    /// # Panics
    /// When the server cannot be reached.
    pub async fn handshake(&self, headers: &[(&str, &str)]) -> (u16, TcpStream) {
        let address = self.url().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        let usual = [
            ("host", address),
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let is_given = |name: &str| headers.iter().any(|(given, _)| *given == name);
        let usual = usual.iter().filter(|(name, _)| !is_given(name));
        let mut head = "GET /ws HTTP/1.1\r\n".to_owned();
        for (name, value) in usual.chain(headers) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await.expect("the server reads");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.expect("the server answers"));
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.expect("a status line"), stream)
    }
}

impl TestUser {
    /// Opens a WebSocket as this user.
    pub async fn socket(&self, node: &Node) -> Socket {
        let bearer = format!("Bearer {}", self.access);
        node.socket(&[("authorization", &bearer)]).await
    }
}

impl Socket {
    /// Sends a frame of JSON.
    pub async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends a text.
    ///
    /// # Panics
    /// When the connection is closed.
    pub async fn send_text(&mut self, text: &str) {
        self.wire
            .send(Message::text(text))
            .await
            .expect("the connection is open");
    }

    /// Sends a text, whether or not the server still reads.
    pub async fn try_send_text(&mut self, text: &str) {
        let _ = self.wire.send(Message::text(text)).await;
    }

    /// Sends bytes.
    ///
    /// # Panics
    /// When the connection is closed.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) {
        self.wire
            .send(Message::binary(bytes))
            .await
            .expect("the connection is open");
    }

    /// Writes bytes as they are, below the protocol.
    ///
    /// # Panics
    /// When the connection is closed.
    pub async fn write_raw(&mut self, bytes: &[u8]) {
        self.wire
            .get_mut()
            .write_all(bytes)
            .await
            .expect("the connection is open");
    }

    /// The next frame of the server.
    ///
    /// # Panics
    /// When it is none of JSON, or the connection is closed.
    pub async fn next(&mut self) -> Value {
        match self.read().await {
            Ok(frame) => frame,
            Err(close) => panic!("closed: {close:?}"),
        }
    }

    /// The code and the reason with which the server closes the connection; no frame may come before.
    ///
    /// # Panics
    /// When a frame comes, or the connection breaks without a reason.
    pub async fn closed(&mut self) -> (u16, String) {
        let (frames, close) = self.until_closed().await;
        assert!(frames.is_empty(), "frames before the close: {frames:?}");
        close
    }

    /// The frames until the server closes the connection, and its code and reason.
    ///
    /// # Panics
    /// When the connection breaks without a reason.
    pub async fn until_closed(&mut self) -> (Vec<Value>, (u16, String)) {
        let mut frames = Vec::new();
        loop {
            match self.read().await {
                Ok(frame) => frames.push(frame),
                Err(close) => return (frames, close.expect("the server gives a reason")),
            }
        }
    }

    async fn read(&mut self) -> Result<Value, Option<(u16, String)>> {
        loop {
            let read = timeout(FRAME_TIMEOUT, self.wire.next()).await;
            match read.expect("a frame comes in time") {
                Some(Ok(Message::Text(text))) => {
                    return Ok(serde_json::from_str(&text).expect("frames are JSON"));
                }
                Some(Ok(Message::Close(close))) => {
                    return Err(close.map(|close| (close.code.into(), close.reason.to_string())));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// The next frame, as [`next`](Self::next), after asserting its type.
    pub async fn expect(&mut self, r#type: &str) -> Value {
        let frame = self.next().await;
        assert_eq!(frame["type"], r#type, "{frame}");
        frame
    }

    /// Subscribes to a channel; returns the answer.
    pub async fn subscribe(&mut self, channel: &str) -> Value {
        self.send(json!({"type": "subscribe", "channel": channel})).await;
        self.expect("subscribed").await
    }

    /// Subscribes to a channel after a position that an earlier answer or message named; returns the answer.
    pub async fn recover(&mut self, channel: &str, epoch: &Value, offset: &Value) -> Value {
        let since = json!({"epoch": epoch, "offset": offset});
        self.send(json!({"type": "subscribe", "channel": channel, "since": since}))
            .await;
        self.expect("subscribed").await
    }

    /// Waits for the answer to a ping: what the server sent before has arrived, and returns it.
    pub async fn ping(&mut self) -> Vec<Value> {
        self.send(json!({"type": "ping", "id": "until here"})).await;
        let mut frames = Vec::new();
        loop {
            match self.next().await {
                frame if frame["id"] == "until here" => return frames,
                frame => frames.push(frame),
            }
        }
    }
}
