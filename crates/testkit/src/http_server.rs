//! A minimal HTTP server, for fakes of other people's servers.

use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request that the server received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) path: String,
    /// By their names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// Status and JSON body.
pub(crate) type Reply = (u16, String);

/// Listens on a port of its own until it is dropped. One request per connection.
pub(crate) struct HttpServer {
    pub(crate) url: String,
    task: JoinHandle<()>,
}

impl HttpServer {
    pub(crate) async fn start(reply: impl Fn(Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let reply = Arc::new(reply);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let reply = Arc::clone(&reply);
                tokio::spawn(async move { answer(stream, &*reply).await });
            }
        });
        Self {
            url: format!("http://{address}"),
            task,
        }
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, reply: &(impl Fn(Received) -> Reply + Sync)) {
    let Some(received) = read(&mut stream).await else {
        return;
    };
    let (status, body) = reply(received);
    let location = match status {
        300..400 => "location: /elsewhere\r\n",
        _ => "",
    };
    let head = format!(
        "HTTP/1.1 {status} Stub\r\n{location}content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // A client that went away needs no answer.
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.ok()?;
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let received = parsed(head, body)?;
            let length = received.headers.get("content-length");
            if length.is_none_or(|length| length.parse() == Ok(body.len())) {
                return Some(received);
            }
        }
        if count == 0 {
            return None;
        }
    }
}

fn parsed(head: &str, body: &str) -> Option<Received> {
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    Some(Received {
        path,
        headers: headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: body.to_owned(),
    })
}
