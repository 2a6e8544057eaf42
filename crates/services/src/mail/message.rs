//! A rendered mail on its way to the mailer.

use mainstay_domain::email::Email;
use mainstay_engine::mail::{Message, Rendered};

/// The message of a rendered mail. `id` is the same whenever the mail is sent again.
pub(super) fn message(id: String, to: Email, mail: Rendered) -> Message {
    Message {
        id,
        to,
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
    }
}
