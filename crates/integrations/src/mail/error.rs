//! What goes wrong with mail, said without addresses, passwords or the server's own words, which may hold either.

use lettre::transport::smtp;
use mainstay_domain::Error;

/// A mail setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {why}")]
pub struct MailSettingFault {
    setting: &'static str,
    why: &'static str,
}

impl MailSettingFault {
    pub(super) fn new(setting: &'static str, why: &'static str) -> Self {
        Self { setting, why }
    }
}

/// Why mail cannot be sent just now; for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct MailAway(pub(super) String);

impl From<MailAway> for Error {
    fn from(away: MailAway) -> Self {
        Self::unavailable("mail", away)
    }
}

/// The server could not be reached, or would not let us in. Whatever it says then is not about the message, so a
/// refusal for good (a wrong password) is `UNAVAILABLE` too: the message keeps until somebody mends the settings.
pub(super) fn away(error: &smtp::Error) -> Error {
    let text = match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        // An unreadable answer is quoted in its error; all others are made of our own and the system's words.
        None if error.is_response() => "the mail server's answer cannot be read".to_owned(),
        None => error.to_string(),
    };
    MailAway(text).into()
}

/// What the server said of a message: refused for good is `INVALID_STATE`, which another try does not help;
/// everything else is `UNAVAILABLE`.
pub(super) fn refused(error: &smtp::Error) -> Error {
    match error.status() {
        Some(code) if error.is_permanent() && !is_about_us(u16::from(code)) => {
            Error::InvalidState(format!("the mail server refused the message ({code})"))
        }
        // A message that needs an extension which the server does not offer.
        None if error.is_client() => {
            Error::InvalidState("the mail server cannot carry this message".to_owned())
        }
        _ => away(error),
    }
}

/// An address that needs SMTPUTF8 (RFC 6531), and a server without it: only another server or another address helps.
pub(super) fn needs_smtputf8() -> Error {
    let (what, why) = (
        "the part of the mail address before the @ has characters outside of ASCII",
        "the mail server does not offer SMTPUTF8",
    );
    Error::InvalidState(format!("{what}, and {why}"))
}

/// Authentication required, too weak, failed, or to be encrypted first (RFC 4954, 6).
fn is_about_us(code: u16) -> bool {
    matches!(code, 530 | 534 | 535 | 538)
}
