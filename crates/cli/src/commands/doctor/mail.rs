//! Checks that mail can be delivered.

use super::finding::DoctorFinding;
use crate::error::{CliError, Outcome};
use crate::open::silent;
use mainstay_app::Dependencies;
use mainstay_platform::config::Settings;
use std::time::Duration;

const CHECK: &str = "mail";
/// A server that takes longer to greet counts as unreachable.
const DEADLINE: Duration = Duration::from_secs(10);

pub(super) async fn check(settings: &Settings) -> DoctorFinding {
    let outcome = tokio::time::timeout(DEADLINE, reach(settings)).await;
    match outcome.unwrap_or_else(|_| Err(CliError::failed("the mail server does not answer"))) {
        Ok(()) if settings.mail.smtp_url.is_some() => DoctorFinding::ok(CHECK, "the mail server answers"),
        Ok(()) => DoctorFinding::ok(
            CHECK,
            format!("mail is written to {}", settings.data_dir.join("mail").display()),
        ),
        Err(error) => DoctorFinding::fail(
            CHECK,
            error.into_sentence(),
            "check SMTP_URL and MAIL_FROM, and that the server can be reached",
        ),
    }
}

async fn reach(settings: &Settings) -> Outcome<()> {
    // Without a mail server, constructing the mailer would create the folder of mail files.
    if settings.mail.smtp_url.is_some() {
        Dependencies::real(settings, silent()?)?.mailer.check().await?;
    }
    Ok(())
}
