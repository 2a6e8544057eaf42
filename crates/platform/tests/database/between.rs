//! Test doubles between the database API and PostgreSQL.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use mainstay_platform::database::{DatabaseOptions, Tx, postgres_client};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config};

use crate::fixture::Answer;
use crate::select;

/// A lock in the database that bodies wait for, because they cannot await anything else.
pub(crate) struct Gate(Client);

impl Gate {
    /// Closed until it is opened.
    pub(crate) async fn shut(options: &DatabaseOptions) -> Self {
        let (client, _task) = postgres_client(options).await.unwrap();
        client.batch_execute("SELECT pg_advisory_lock(7)").await.unwrap();
        Self(client)
    }

    /// In a body: waits until the gate is open.
    pub(crate) async fn pass(tx: &mut Tx) -> Answer<()> {
        let wait = select!("SELECT 1 FROM pg_advisory_xact_lock_shared(7)");
        tx.one::<i32>(wait, &[]).await.map(drop)
    }

    /// Waits until `bodies` transactions wait at the gate.
    pub(crate) async fn wait_for(&self, bodies: i64) {
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        while self.0.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) != bodies {
            tokio::task::yield_now().await;
        }
    }

    /// Releases all waiting transactions.
    pub(crate) async fn open(self) {
        self.0
            .batch_execute("SELECT pg_advisory_unlock_all()")
            .await
            .unwrap();
    }
}

/// An address that leads to one server or another, as that of a database with a standby does.
pub(crate) struct Switch {
    address: SocketAddr,
    port: Arc<AtomicU16>,
    hang_up: watch::Sender<u32>,
    open: watch::Receiver<usize>,
}

impl Switch {
    /// Leads to the server on a port of this machine.
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (count, open) = watch::channel(0);
        let switch = Self {
            address: listener.local_addr().unwrap(),
            port: Arc::new(AtomicU16::new(port)),
            hang_up: watch::Sender::new(0),
            open,
        };
        let (port, hang_up) = (Arc::clone(&switch.port), switch.hang_up.clone());
        tokio::spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let (port, count) = (port.load(Ordering::SeqCst), count.clone());
                let mut hung_up = hang_up.subscribe();
                count.send_modify(|open| *open += 1);
                tokio::spawn(async move {
                    let mut there = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut here, &mut there) => {}
                        _ = hung_up.changed() => {}
                    }
                    drop((here, there));
                    count.send_modify(|open| *open -= 1);
                });
            }
        });
        switch
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leads new connections to another port. Those there are stay where they are.
    pub(crate) fn lead_to(&self, port: u16) {
        self.port.store(port, Ordering::SeqCst);
    }

    /// Ends the connections there are.
    pub(crate) async fn hang_up(&self) {
        self.hang_up.send_modify(|times| *times += 1);
        self.open.clone().wait_for(|open| *open == 0).await.unwrap();
    }
}

/// A network that can stop carrying packets without closing a connection.
pub(crate) struct Network {
    address: SocketAddr,
    forwards: Arc<watch::Sender<bool>>,
}

impl Network {
    /// A proxy before the server of `options`.
    pub(crate) async fn before(options: &DatabaseOptions) -> Self {
        let config: Config = options.url.parse().unwrap();
        let (host, port) = (config.get_hosts()[0].clone(), config.get_ports().first().copied());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let forwards = Arc::new(watch::channel(true).0);
        let sender = Arc::clone(&forwards);
        tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                let (host, forwards) = (host.clone(), sender.subscribe());
                tokio::spawn(async move {
                    match host {
                        Host::Tcp(host) => {
                            let there = TcpStream::connect((host, port.unwrap_or(5432))).await.unwrap();
                            forward(here, there, forwards).await;
                        }
                        Host::Unix(folder) => {
                            let socket = folder.join(format!(".s.PGSQL.{}", port.unwrap_or(5432)));
                            forward(here, UnixStream::connect(socket).await.unwrap(), forwards).await;
                        }
                    }
                });
            }
        });
        Self { address, forwards }
    }

    /// The options, with the address of the proxy.
    pub(crate) fn through(&self, options: &DatabaseOptions) -> DatabaseOptions {
        let config: Config = options.url.parse().unwrap();
        let user = config.get_user().unwrap();
        let password = config
            .get_password()
            .map(|password| format!(":{}", String::from_utf8_lossy(password)));
        DatabaseOptions {
            url: format!(
                "postgres://{user}{}@{}/{}",
                password.unwrap_or_default(),
                self.address,
                config.get_dbname().unwrap()
            ),
            ..options.clone()
        }
    }

    /// Stops forwarding on the existing connections; neither side is notified.
    pub(crate) fn stop(&self) -> &Self {
        self.forwards.send_replace(false);
        self
    }

    /// New connections work again; the old ones remain stopped.
    pub(crate) fn go_on(&self) {
        self.forwards.send_replace(true);
    }
}

async fn forward<T>(here: TcpStream, there: T, forwards: watch::Receiver<bool>)
where
    T: AsyncRead + AsyncWrite + Send + 'static,
{
    let (from_here, to_here) = here.into_split();
    let (from_there, to_there) = tokio::io::split(there);
    tokio::join!(
        one_way(from_here, to_there, forwards.clone()),
        one_way(from_there, to_here, forwards)
    );
}

async fn stopped(forwards: &mut watch::Receiver<bool>) {
    // An error means that the sender is dropped, and the network is no longer needed.
    let _ = forwards.wait_for(|forwards| !forwards).await;
}

/// Once the network has stopped, the sockets stay open for ever.
async fn one_way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut forwards: watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 1 << 16];
    loop {
        let read = tokio::select! {
            biased;
            () = stopped(&mut forwards) => return std::future::pending().await,
            read = from.read(&mut bytes) => read,
        };
        match read {
            Ok(0) | Err(_) => return drop(to.shutdown().await),
            Ok(length) if to.write_all(&bytes[..length]).await.is_err() => return,
            Ok(_) => {}
        }
    }
}
