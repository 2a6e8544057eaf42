//! Mail errors, without addresses, passwords or the server's own texts, which may contain either.

use lettre::transport::smtp;
use mainstay_domain::Error;

/// An invalid mail setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {why}")]
pub struct MailSettingError {
    setting: &'static str,
    why: &'static str,
}

impl MailSettingError {
    pub(super) fn new(setting: &'static str, why: &'static str) -> Self {
        Self { setting, why }
    }
}

/// Why mail cannot be sent at the moment; for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct MailAway(pub(super) String);

impl From<MailAway> for Error {
    fn from(away: MailAway) -> Self {
        Self::unavailable("mail", away)
    }
}

/// The server is unreachable or refused the login. Its reply is not about the message, so a permanent refusal (a wrong
/// password) is `UNAVAILABLE` too: the message can be sent once an administrator corrects the settings.
pub(super) fn away(error: &smtp::Error) -> Error {
    let text = match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        // The error of an unreadable reply quotes it; the texts of all others come from lettre or the operating system.
        None if error.is_response() => "the mail server's answer cannot be read".to_owned(),
        None => error.to_string(),
    };
    MailAway(text).into()
}

/// The error for the server's reply to a message: a permanent refusal is `INVALID_STATE`, which a retry does not help;
/// everything else is `UNAVAILABLE`.
pub(super) fn refused(error: &smtp::Error) -> Error {
    match error.status() {
        Some(code) if error.is_permanent() && !is_about_us(u16::from(code)) => {
            Error::InvalidState(format!("the mail server refused the message ({code})"))
        }
        // The message needs an extension that the server does not offer.
        None if error.is_client() => {
            Error::InvalidState("the mail server cannot carry this message".to_owned())
        }
        _ => away(error),
    }
}

/// The address needs SMTPUTF8 (RFC 6531), which the server lacks: only another server or another address helps.
pub(super) fn needs_smtputf8() -> Error {
    let (what, why) = (
        "the part of the mail address before the @ has characters outside of ASCII",
        "the mail server does not offer SMTPUTF8",
    );
    Error::InvalidState(format!("{what}, and {why}"))
}

/// Whether the reply concerns authentication: required, too weak, failed, or encryption required (RFC 4954, 6).
fn is_about_us(code: u16) -> bool {
    matches!(code, 530 | 534 | 535 | 538)
}
