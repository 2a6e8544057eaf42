//! A TCP proxy to the database server whose connections can be cut and restored.

use std::net::SocketAddr;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards connections between an app and its server while it is up.
pub(crate) struct Wire {
    address: SocketAddr,
    up: watch::Sender<bool>,
    /// Number of open connections.
    open: watch::Sender<usize>,
}

impl Wire {
    /// Starts a proxy to the server of a `postgres://` URL.
    ///
    /// # Panics
    /// When the URL names no server, or no port is free.
    pub(crate) async fn to(url: &str) -> Self {
        let server = split(url).1.to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("the system has a free port");
        let wire = Self {
            address: listener.local_addr().expect("it listens"),
            up: watch::Sender::new(true),
            open: watch::Sender::new(0),
        };
        tokio::spawn(listen(listener, server, wire.up.subscribe(), wire.open.clone()));
        wire
    }

    /// The URL of the same database through the proxy.
    pub(crate) fn over(&self, url: &str) -> String {
        let (before, _, after) = split(url);
        format!("{before}{}{after}", self.address)
    }

    /// Cuts all connections: when this returns none is open, and none will be until [`Wire::mend`].
    pub(crate) async fn cut(&self) {
        self.up.send_replace(false);
        let closed = self.open.subscribe().wait_for(|open| *open == 0).await.is_ok();
        assert!(closed, "the proxy outlives its connections");
    }

    /// Accepts connections again.
    pub(crate) fn mend(&self) {
        self.up.send_replace(true);
    }
}

/// Splits a URL into the text before `host:port`, `host:port`, and the text after it.
fn split(url: &str) -> (&str, &str, &str) {
    let begin = url.find("://").expect("a URL has a scheme") + 3;
    let end = url[begin..].find(['/', '?']).map_or(url.len(), |at| begin + at);
    let begin = url[begin..end].rfind('@').map_or(begin, |at| begin + at + 1);
    (&url[..begin], &url[begin..end], &url[end..])
}

/// Accepts connections until the proxy is dropped, and closes them at once while it is down.
async fn listen(
    listener: TcpListener,
    server: String,
    mut up: watch::Receiver<bool>,
    open: watch::Sender<usize>,
) {
    loop {
        let inside = tokio::select! {
            accepted = listener.accept() => accepted,
            () = dropped(&mut up) => return,
        };
        let Ok((inside, _)) = inside else { return };
        open.send_modify(|open| *open += 1);
        let (server, up, open) = (server.clone(), up.clone(), open.clone());
        tokio::spawn(async move {
            forward(inside, &server, up).await;
            open.send_modify(|open| *open -= 1);
        });
    }
}

/// Returns when the proxy has been dropped.
async fn dropped(up: &mut watch::Receiver<bool>) {
    while up.changed().await.is_ok() {}
}

async fn forward(mut inside: TcpStream, server: &str, mut up: watch::Receiver<bool>) {
    let forwarding = async {
        if let Ok(mut outside) = TcpStream::connect(server).await {
            // How a connection ends concerns only its two ends.
            let _ = copy_bidirectional(&mut inside, &mut outside).await;
        }
    };
    tokio::select! {
        biased;
        _ = up.wait_for(|up| !up) => {}
        () = forwarding => {}
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_url_is_split_at_its_server() {
        let url = "postgres://ann:p@ss@db.example:6000/shop?sslmode=disable";
        let parts = ("postgres://ann:p@ss@", "db.example:6000", "/shop?sslmode=disable");
        assert_eq!(split(url), parts);
        assert_eq!(split("postgres://[::1]:5432"), ("postgres://", "[::1]:5432", ""));
    }
}
