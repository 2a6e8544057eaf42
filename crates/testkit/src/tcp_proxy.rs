//! A TCP proxy to the database server whose connections a test can cut and restore.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards the connections of an app to its server until a test cuts them.
pub(crate) struct TcpProxy {
    address: SocketAddr,
    whole: Arc<watch::Sender<bool>>,
    /// How many more messages of the app are forwarded before the proxy cuts the connections by itself.
    left: Arc<AtomicUsize>,
    /// The number of open connections.
    carried: watch::Sender<usize>,
}

impl TcpProxy {
    /// Starts a proxy to the server of a `postgres://` URL.
    ///
    /// # Panics
    /// When the URL names no server, or the system has no free port.
    pub(crate) async fn to(url: &str) -> Self {
        let server = place(url).1.to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("the system has a free port");
        let tcp_proxy = Self {
            address: listener.local_addr().expect("it listens"),
            whole: Arc::new(watch::Sender::new(true)),
            left: Arc::new(AtomicUsize::new(usize::MAX)),
            carried: watch::Sender::new(0),
        };
        tokio::spawn(listen(
            listener,
            server,
            Switch {
                whole: Arc::downgrade(&tcp_proxy.whole),
                left: Arc::clone(&tcp_proxy.left),
            },
            tcp_proxy.carried.clone(),
        ));
        tcp_proxy
    }

    /// The URL of the same database through the proxy.
    pub(crate) fn over(&self, url: &str) -> String {
        let (before, _, after) = place(url);
        format!("{before}{}{after}", self.address)
    }

    /// Cuts all connections: when this returns none is open, and the proxy accepts none until it is restored.
    pub(crate) async fn cut(&self) {
        self.whole.send_replace(false);
        let gone = self
            .carried
            .subscribe()
            .wait_for(|carried| *carried == 0)
            .await
            .is_ok();
        assert!(gone, "the wire outlives its connections");
    }

    /// Cuts the connections as [`cut`](Self::cut) does, after this many more messages of the app.
    pub(crate) fn cut_after(&self, messages: usize) {
        self.left.store(messages, Ordering::SeqCst);
    }

    /// Whether the proxy forwards connections.
    pub(crate) fn is_whole(&self) -> bool {
        *self.whole.borrow()
    }

    /// Restores the forwarding.
    pub(crate) fn mend(&self) {
        self.left.store(usize::MAX, Ordering::SeqCst);
        self.whole.send_replace(true);
    }
}

/// The state that a connection needs to cut all connections of the proxy.
#[derive(Clone)]
struct Switch {
    whole: Weak<watch::Sender<bool>>,
    left: Arc<AtomicUsize>,
}

impl Switch {
    /// Counts a message of the app; false when neither it nor any later one may be forwarded.
    fn may_pass(&self) -> bool {
        let count = |left: usize| match left {
            usize::MAX => Some(left),
            left => left.checked_sub(1),
        };
        let passes = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, count)
            .is_ok();
        if !passes && let Some(whole) = self.whole.upgrade() {
            whole.send_replace(false);
        }
        passes
    }
}

/// Splits a URL into the part before `host:port`, `host:port`, and the part after it.
fn place(url: &str) -> (&str, &str, &str) {
    let begin = url.find("://").expect("a URL has a scheme") + 3;
    let end = url[begin..].find(['/', '?']).map_or(url.len(), |at| begin + at);
    let begin = url[begin..end].rfind('@').map_or(begin, |at| begin + at + 1);
    (&url[..begin], &url[begin..end], &url[end..])
}

/// Accepts connections while the proxy exists, and closes them at once while it is cut.
async fn listen(listener: TcpListener, server: String, switch: Switch, carried: watch::Sender<usize>) {
    let Some(mut whole) = switch.whole.upgrade().map(|whole| whole.subscribe()) else {
        return;
    };
    loop {
        let inside = tokio::select! {
            accepted = listener.accept() => accepted,
            () = gone(&mut whole) => return,
        };
        let Ok((inside, _)) = inside else { return };
        carried.send_modify(|carried| *carried += 1);
        let (server, switch, whole, carried) =
            (server.clone(), switch.clone(), whole.clone(), carried.clone());
        tokio::spawn(async move {
            carry(inside, &server, &switch, whole).await;
            carried.send_modify(|carried| *carried -= 1);
        });
    }
}

/// Returns when the proxy is dropped.
async fn gone(whole: &mut watch::Receiver<bool>) {
    while whole.changed().await.is_ok() {}
}

async fn carry(inside: TcpStream, server: &str, switch: &Switch, mut whole: watch::Receiver<bool>) {
    let through = async {
        let Ok(outside) = TcpStream::connect(server).await else {
            return;
        };
        let (mut from_app, mut to_app) = inside.into_split();
        let (mut from_server, mut to_server) = outside.into_split();
        let there = async {
            let mut bytes = vec![0; 1 << 16];
            while let Ok(length @ 1..) = from_app.read(&mut bytes).await {
                if !switch.may_pass() || to_server.write_all(&bytes[..length]).await.is_err() {
                    break;
                }
            }
            drop(to_server.shutdown().await);
        };
        let back = async {
            // The two ends of the connection handle the error.
            let _ = copy(&mut from_server, &mut to_app).await;
            drop(to_app.shutdown().await);
        };
        tokio::join!(there, back);
    };
    tokio::select! {
        biased;
        _ = whole.wait_for(|whole| !whole) => {}
        () = through => {}
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_url_is_taken_apart_at_its_server() {
        let whole = "postgres://ann:p@ss@db.example:6000/shop?sslmode=disable";
        let parts = ("postgres://ann:p@ss@", "db.example:6000", "/shop?sslmode=disable");
        assert_eq!(place(whole), parts);
        assert_eq!(place("postgres://[::1]:5432"), ("postgres://", "[::1]:5432", ""));
    }
}
