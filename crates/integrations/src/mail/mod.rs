//! Sends mail: to files in development, otherwise through SMTP.

mod error;
mod file;
mod letter;
mod server;
mod smtp;
#[cfg(test)]
mod smtp_tests;

pub use error::MailSettingError;
pub use file::FileMailbox;
pub use letter::Sender;
pub use smtp::SmtpMailer;

use mainstay_domain::time::Clock;
use mainstay_engine::mail::Mailer;
use mainstay_platform::config::Settings;
use std::sync::Arc;

/// The mailer that the settings select: SMTP when `SMTP_URL` is set, else files in `mail/` of the data folder.
///
/// # Errors
/// `SMTP_URL` or `MAIL_FROM` is invalid. The error contains no secret.
pub fn mailer(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Arc<dyn Mailer>, MailSettingError> {
    let sender = Sender::parse(&settings.mail.from)?;
    Ok(match &settings.mail.smtp_url {
        Some(url) => Arc::new(SmtpMailer::new(url.expose(), sender, clock)?),
        None => Arc::new(FileMailbox::new(settings.data_dir.join("mail"), sender, clock)),
    })
}
