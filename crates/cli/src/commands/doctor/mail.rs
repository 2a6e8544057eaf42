//! Whether mail goes anywhere.

use super::finding::Finding;
use crate::fault::{Fault, Outcome};
use crate::open::silent;
use mainstay_app::Outside;
use mainstay_platform::config::Settings;
use std::time::Duration;

const CHECK: &str = "mail";
/// A server that takes longer to greet is as good as away.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn check(settings: &Settings) -> Finding {
    let outcome = tokio::time::timeout(PATIENCE, reach(settings)).await;
    match outcome.unwrap_or_else(|_| Err(Fault::failed("the mail server does not answer"))) {
        Ok(()) if settings.mail.smtp_url.is_some() => Finding::ok(CHECK, "the mail server answers"),
        Ok(()) => Finding::ok(
            CHECK,
            format!("mail is written to {}", settings.data_dir.join("mail").display()),
        ),
        Err(fault) => Finding::fail(
            CHECK,
            fault.into_sentence(),
            "check SMTP_URL and MAIL_FROM, and that the server can be reached",
        ),
    }
}

async fn reach(settings: &Settings) -> Outcome<()> {
    // The mailbox of files would be made by asking for it.
    if settings.mail.smtp_url.is_some() {
        Outside::real(settings, silent()?)?.mailer.check().await?;
    }
    Ok(())
}
