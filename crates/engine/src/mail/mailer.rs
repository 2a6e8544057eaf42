//! The port that sends mail. `integrations` has the real adapters; `testkit` has the fake.

use futures_util::future::BoxFuture;
use mainstay_domain::{Result, email::Email};

/// Sends mail.
pub trait Mailer: Send + Sync {
    /// Sends a message. `Ok` once the next mail server is responsible for its delivery.
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<()>>;
    /// Checks whether the mail server can be reached.
    fn check(&self) -> BoxFuture<'_, Result<()>>;
}

/// A mail, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Identifies the message; the same when it is sent again, so that a mailbox can show it once.
    pub id: String,
    /// The recipient.
    pub to: Email,
    /// The subject, without line breaks.
    pub subject: String,
    /// The plain-text body.
    pub text: String,
    /// The HTML body.
    pub html: String,
}

impl Message {
    /// A message of plain text; its HTML is the same text.
    pub fn plain(id: String, to: Email, subject: &str, text: String) -> Self {
        let escaped = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        Self {
            id,
            to,
            subject: subject.to_owned(),
            html: format!("<pre style=\"font: inherit\">{escaped}</pre>\n"),
            text,
        }
    }
}
