//! Encryption to PostgreSQL: with a server of our own that has a certificate.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mainstay_platform::database::{Database, DatabaseError, DatabaseOptions, ReadMode};

use crate::fixture::{Answer, boxed};
use crate::is_ci;
use crate::select;

/// A server that ends when this is dropped.
struct Encrypted {
    keeper: Child,
    port: u16,
    certificates: PathBuf,
}

impl Drop for Encrypted {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().unwrap();
    }
}

/// The newest PostgreSQL that is installed where Debian puts it.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

/// A shell as a user who may run PostgreSQL: it refuses to run as the superuser, to whom what the kernel knows about us
/// belongs.
pub(crate) fn shell() -> Command {
    let superuser = std::fs::metadata("/proc/self").is_ok_and(|us| us.uid() == 0);
    let mut command = Command::new(if superuser { "su" } else { "/bin/sh" });
    if superuser {
        command.args(["-s", "/bin/sh", "postgres"]);
    }
    command
}

impl Encrypted {
    /// `None`, loudly, where what it takes is not installed.
    fn start() -> Option<Self> {
        let (Some(programs), true) = (programs(), Path::new("/usr/bin/openssl").exists()) else {
            is_ci::skip("TLS to PostgreSQL", &"its programs or openssl are not installed");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        const SCRIPT: &str = include_str!("tls.sh");
        let mut keeper = shell()
            .args(["-c", SCRIPT, "keeper"])
            .arg(programs)
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut certificates = String::new();
        BufReader::new(keeper.stdout.take().unwrap())
            .read_line(&mut certificates)
            .unwrap();
        Some(Self {
            keeper,
            port,
            certificates: PathBuf::from(certificates.trim()),
        })
    }

    /// Connects; returns whether the connection is encrypted.
    async fn connect(&self, host: &str, mode: &str) -> Answer<bool> {
        let url = format!("postgres://postgres@{host}:{}/postgres?{mode}", self.port);
        let db = Database::open(&DatabaseOptions {
            wait_limit: Duration::from_secs(5),
            ..DatabaseOptions::new(url)
        })
        .await?;
        let encrypted = select!("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
        db.read(ReadMode::Thread, move |tx| {
            boxed(async move { tx.one(encrypted, &[]).await })
        })
        .await
    }

    /// Asks the server to be verified against one of the two authorities.
    async fn verified(&self, host: &str, authority: &str) -> Answer<bool> {
        let roots = self.certificates.join(authority);
        let mode = format!("sslmode=verify-full&sslrootcert={}", roots.display());
        self.connect(host, &mode).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_believed_only_with_a_certificate_for_its_name_from_the_right_authority() {
    let Some(server) = tokio::task::block_in_place(Encrypted::start) else {
        return;
    };
    // It has begun to start.
    let ready = async { while server.connect("localhost", "sslmode=disable").await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(60), ready)
        .await
        .unwrap();
    assert!(server.verified("localhost", "ours.pem").await.unwrap());
    assert!(server.connect("localhost", "sslmode=prefer").await.unwrap());
    for (host, authority) in [("localhost", "other.pem"), ("127.0.0.1", "ours.pem")] {
        let refused = server.verified(host, authority).await;
        assert!(
            matches!(&refused, Err(DatabaseError::Unavailable { what }) if what.contains("certificate")),
            "{host} {authority}: {refused:?}"
        );
    }
    // The web's authorities do not know it either.
    let refused = server.connect("localhost", "sslmode=require").await;
    assert!(
        matches!(refused, Err(DatabaseError::Unavailable { .. })),
        "{refused:?}"
    );
}
