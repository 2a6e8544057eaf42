//! Mail through an SMTP server (RFC 5321).

use super::error::{MailAway, MailSettingFault, away, needs_smtputf8, refused};
use super::letter::{Sender, letter};
use super::server::Server;
use futures_util::future::BoxFuture;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::Extension;
use mainstay_domain::Result;
use mainstay_domain::time::Clock;
use mainstay_platform::stopwatch::Stopwatch;
use mainstay_services::ports::{Mailer, Message};
use parking_lot::Mutex;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How long a message may take, from finding a connection to the server's last word.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many connections wait for the next message.
const MAX_IDLE: usize = 4;
/// How long they wait; servers close theirs after minutes.
const IDLE: Duration = Duration::from_mins(1);

/// Hands messages to a mail server, and keeps connections for the next ones.
///
/// A server that is away, slow, busy (4xx) or does not let us in is `UNAVAILABLE`: try again later. A message that
/// the server refuses (5xx), or cannot carry because the part of an address before the `@` is outside of ASCII and the
/// server has no SMTPUTF8 (RFC 6531), is `INVALID_STATE`: another try will not help. When the connection breaks after the
/// message and before the answer, a retry may deliver it twice, with the same `Message-ID`.
///
/// The connections are kept here and not in lettre's pool: that one takes back a connection whose user was
/// cancelled half-way through a message, and the next message would read the answers to the one before.
pub struct SmtpMailer {
    server: Server,
    sender: Sender,
    clock: Arc<dyn Clock>,
    idle: Mutex<Vec<(AsyncSmtpConnection, Stopwatch)>>,
}

impl SmtpMailer {
    /// A mailer for the server of an `SMTP_URL`: `smtps://USER:PASSWORD@HOST:PORT` or `smtp://…[?tls=…]`. Nothing
    /// is connected before the first message.
    ///
    /// # Errors
    /// What is wrong with the URL, without quoting it.
    pub fn new(url: &str, sender: Sender, clock: Arc<dyn Clock>) -> Result<Self, MailSettingFault> {
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

    /// Only a connection whose last answer was read comes back; every other one is closed by being dropped.
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

    async fn knock(&self) -> Result<()> {
        let connection = self.connection().await.map_err(|error| away(&error))?;
        self.give_back(connection);
        Ok(())
    }
}

async fn patiently(work: impl Future<Output = Result<()>>) -> Result<()> {
    let late = |_| {
        Err(MailAway(format!(
            "the mail server took longer than {} s",
            PATIENCE.as_secs()
        ))
        .into())
    };
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(late)
}

impl Mailer for SmtpMailer {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<()>> {
        Box::pin(patiently(self.deliver(message)))
    }

    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(patiently(self.knock()))
    }
}
