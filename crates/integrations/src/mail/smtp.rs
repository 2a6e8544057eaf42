//! Sends mail through an SMTP server (RFC 5321).

use super::error::{MailAway, MailSettingError, away, needs_smtputf8, refused};
use super::letter::{Sender, letter};
use super::server::Server;
use futures_util::future::BoxFuture;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::Extension;
use mainstay_domain::Result;
use mainstay_domain::time::Clock;
use mainstay_engine::mail::{Mailer, Message};
use mainstay_platform::stopwatch::Stopwatch;
use parking_lot::Mutex;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Timeout for sending a message, from connecting to the server's final reply.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of idle connections.
const MAX_IDLE: usize = 4;
/// How long an idle connection is reused; servers close theirs after minutes.
const IDLE: Duration = Duration::from_mins(1);

/// Sends messages to a mail server, and reuses its connections.
///
/// An unreachable, slow or busy (4xx) server, or one that refuses the login, is `UNAVAILABLE`: retry later. A message
/// that the server refuses (5xx), or cannot transport because the local part of an address is not ASCII and the server
/// lacks SMTPUTF8 (RFC 6531), is `INVALID_STATE`: a retry does not help. When the connection breaks after the message
/// and before the reply, a retry may deliver it twice, with the same `Message-ID`.
///
/// This type has its own pool, because lettre's takes back a connection whose user was cancelled in the middle of a
/// message, and the next message would read the replies to the previous one.
pub struct SmtpMailer {
    server: Server,
    sender: Sender,
    clock: Arc<dyn Clock>,
    idle: Mutex<Vec<(AsyncSmtpConnection, Stopwatch)>>,
}

impl SmtpMailer {
    /// A mailer for the server of an `SMTP_URL`: `smtps://USER:PASSWORD@HOST:PORT` or `smtp://…[?tls=…]`. It connects
    /// with the first message.
    ///
    /// # Errors
    /// What is wrong with the URL, without quoting it.
    pub fn new(url: &str, sender: Sender, clock: Arc<dyn Clock>) -> Result<Self, MailSettingError> {
        Ok(Self {
            server: Server::parse(url)?,
            sender,
            clock,
            idle: Mutex::default(),
        })
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        while let Some((mut connection, waited)) = self.take() {
            if waited.elapsed() < IDLE && connection.test_connected().await {
                return Ok(connection);
            }
        }
        self.server.connect().await
    }

    fn take(&self) -> Option<(AsyncSmtpConnection, Stopwatch)> {
        self.idle.lock().pop()
    }

    /// Returns a connection whose last reply was read to the pool; any other is closed by being dropped.
    fn give_back(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock();
        if idle.len() < MAX_IDLE {
            idle.push((connection, Stopwatch::start()));
        }
    }

    async fn deliver(&self, message: &Message) -> Result<()> {
        let letter = letter(message, &self.sender, self.clock.now())?;
        let mut connection = self.connection().await.map_err(|error| away(&error))?;
        let envelope = letter.envelope();
        let is_ascii = envelope
            .from()
            .into_iter()
            .chain(envelope.to())
            .all(|address| address.user().is_ascii() && address.domain().is_ascii());
        if !is_ascii && !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            self.give_back(connection);
            return Err(needs_smtputf8());
        }
        let sent = connection.send(envelope, &letter.formatted()).await;
        sent.map_err(|error| refused(&error))?;
        self.give_back(connection);
        Ok(())
    }

    async fn check_connection(&self) -> Result<()> {
        let connection = self.connection().await.map_err(|error| away(&error))?;
        self.give_back(connection);
        Ok(())
    }
}

async fn within_timeout(work: impl Future<Output = Result<()>>) -> Result<()> {
    let late = |_| {
        Err(MailAway(format!(
            "the mail server took longer than {} s",
            SEND_TIMEOUT.as_secs()
        ))
        .into())
    };
    tokio::time::timeout(SEND_TIMEOUT, work)
        .await
        .unwrap_or_else(late)
}

impl Mailer for SmtpMailer {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<()>> {
        Box::pin(within_timeout(self.deliver(message)))
    }

    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(within_timeout(self.check_connection()))
    }
}
