//! A wire to the database server that can be cut and mended.

use std::net::SocketAddr;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Carries what goes between an app and its server for as long as it is whole.
pub(crate) struct Wire {
    address: SocketAddr,
    whole: watch::Sender<bool>,
    /// How many connections there are on it.
    carried: watch::Sender<usize>,
}

impl Wire {
    /// Lays a wire to the server of a `postgres://` URL.
    ///
    /// # Panics
    /// When the URL names no server, or the system gives no port.
    pub(crate) async fn to(url: &str) -> Self {
        let server = place(url).1.to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("the system has a free port");
        let wire = Self {
            address: listener.local_addr().expect("it listens"),
            whole: watch::Sender::new(true),
            carried: watch::Sender::new(0),
        };
        tokio::spawn(listen(
            listener,
            server,
            wire.whole.subscribe(),
            wire.carried.clone(),
        ));
        wire
    }

    /// The URL by which the same database is reached over the wire.
    pub(crate) fn over(&self, url: &str) -> String {
        let (before, _, after) = place(url);
        format!("{before}{}{after}", self.address)
    }

    /// Cuts it: when this returns there is no connection left, and there will be none until it is mended.
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

    /// Makes it whole again.
    pub(crate) fn mend(&self) {
        self.whole.send_replace(true);
    }
}

/// Takes a URL apart: what stands before `host:port`, that, and what stands after.
fn place(url: &str) -> (&str, &str, &str) {
    let begin = url.find("://").expect("a URL has a scheme") + 3;
    let end = url[begin..].find(['/', '?']).map_or(url.len(), |at| begin + at);
    let begin = url[begin..end].rfind('@').map_or(begin, |at| begin + at + 1);
    (&url[..begin], &url[begin..end], &url[end..])
}

/// Takes connections for as long as the wire is there, and hangs up at once while it is cut.
async fn listen(
    listener: TcpListener,
    server: String,
    mut whole: watch::Receiver<bool>,
    carried: watch::Sender<usize>,
) {
    loop {
        let inside = tokio::select! {
            accepted = listener.accept() => accepted,
            () = gone(&mut whole) => return,
        };
        let Ok((inside, _)) = inside else { return };
        carried.send_modify(|carried| *carried += 1);
        let (server, whole, carried) = (server.clone(), whole.clone(), carried.clone());
        tokio::spawn(async move {
            carry(inside, &server, whole).await;
            carried.send_modify(|carried| *carried -= 1);
        });
    }
}

/// Returns when nobody holds the wire any more.
async fn gone(whole: &mut watch::Receiver<bool>) {
    while whole.changed().await.is_ok() {}
}

async fn carry(mut inside: TcpStream, server: &str, mut whole: watch::Receiver<bool>) {
    let through = async {
        if let Ok(mut outside) = TcpStream::connect(server).await {
            // How it ended is the business of those who talked.
            let _ = copy_bidirectional(&mut inside, &mut outside).await;
        }
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
