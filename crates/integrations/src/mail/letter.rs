//! Encodes a message for transport: RFC 5322, with text and HTML as MIME alternatives.

use super::error::MailSettingError;
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use mainstay_domain::host::HostName;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_engine::mail::Message;
use std::time::{Duration, UNIX_EPOCH};

/// The sender of all mail (`MAIL_FROM`).
#[derive(Debug, Clone)]
pub struct Sender(Mailbox);

impl Sender {
    /// Parses `address` or `Name <address>`.
    ///
    /// # Errors
    /// The text is neither.
    pub fn parse(text: &str) -> Result<Self, MailSettingError> {
        let (name, address) = match text.trim().rsplit_once('<') {
            Some((name, address)) => (
                Some(one_line(name)),
                address.strip_suffix('>').unwrap_or_default(),
            ),
            None => (None, text.trim()),
        };
        let error = || MailSettingError::new("MAIL_FROM", "is neither ADDRESS nor NAME <ADDRESS>");
        // The domain is sent in A-labels, as the recipient's is; the local part is sent as written.
        let (local, domain) = address.trim().rsplit_once('@').ok_or_else(error)?;
        let host = HostName::parse(domain).ok_or_else(error)?;
        let address = Address::new(local, host.ascii()).map_err(|_| error())?;
        // A quoted name, as in a header, is the same name without the quotes.
        let name = name
            .map(|name| name.trim().trim_matches('"').to_owned())
            .filter(|name| !name.is_empty());
        Ok(Self(Mailbox::new(name, address)))
    }
}

/// Builds the mail. A message that is sent again has the same `Message-ID`, by which mailboxes remove duplicates.
///
/// # Errors
/// `INVALID_STATE` when mail cannot be sent to the address; an internal error when the id could not be a file name.
pub(super) fn letter(message: &Message, sender: &Sender, now: Timestamp) -> Result<lettre::Message> {
    check_id(&message.id)?;
    let no_address = |_| Error::InvalidState("the mail address cannot be written to".to_owned());
    let to = message.to.sent().parse::<Address>().map_err(no_address)?;
    let date = UNIX_EPOCH + Duration::from_micros(u64::try_from(now.micros()).unwrap_or(0));
    lettre::Message::builder()
        .from(sender.0.clone())
        .to(Mailbox::new(None, to))
        .subject(one_line(&message.subject))
        .date(date)
        .message_id(Some(format!("<{}@{}>", message.id, sender.0.email.domain())))
        // Prevents out-of-office replies (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .multipart(MultiPart::alternative_plain_html(message.text.clone(), message.html.clone()))
        .map_err(Error::internal)
}

/// Checks a message id. Ids become headers and file names, so they have only characters that are special in neither.
fn check_id(id: &str) -> Result<()> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=100).contains(&id.len()) && id.bytes().all(good) {
        Ok(())
    } else {
        Err(Error::bug(
            "a message id must be 1 to 100 of letters, digits, '-' and '_'",
        ))
    }
}

/// Replaces control characters by spaces, so that the text cannot end its header line.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
pub(super) fn example() -> Message {
    Message {
        id: "order-paid-1".to_owned(),
        to: mainstay_domain::email::Email::parse("buyer@example.com").unwrap(),
        subject: "Grüße, your order".to_owned(),
        text: "Thank you.".to_owned(),
        html: "<p>Thank you.</p>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::email::Email;
    use mainstay_domain::error::Code;

    /// The header lines of the mail, with folded lines joined.
    fn headers(message: &Message, from: &str) -> Vec<String> {
        let letter = letter(message, &Sender::parse(from).unwrap(), Timestamp::from_seconds(0)).unwrap();
        let text = String::from_utf8(letter.formatted()).unwrap();
        let head = text
            .split("\r\n\r\n")
            .next()
            .unwrap()
            .replace("\r\n ", " ")
            .replace("\r\n\t", " ");
        head.split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_letter_has_what_rfc_5322_asks_for() {
        let headers = headers(&example(), "Shop <no-reply@shop.example>");
        for line in [
            "From: Shop <no-reply@shop.example>",
            "To: buyer@example.com",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000",
            "Message-ID: <order-paid-1@shop.example>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(
                headers.iter().any(|header| header == line),
                "{line} in {headers:#?}"
            );
        }
        assert!(
            headers
                .iter()
                .any(|header| header.starts_with("Content-Type: multipart/alternative;"))
        );
        assert!(headers.iter().all(|header| header.is_ascii()));
    }

    #[test]
    fn nothing_smuggles_a_header_in() {
        for breaker in ["\r\n", "\n", "\r", "\r\n ", "\u{85}", "\0"] {
            let subject = format!("Order{breaker}Bcc: victim@example.com{breaker}{breaker}<b>body</b>");
            let from = format!("Shop{breaker}Bcc: victim@example.com <no-reply@shop.example>");
            let headers = headers(&Message { subject, ..example() }, &from);
            let names: Vec<_> = headers
                .iter()
                .filter_map(|header| header.split(':').next())
                .collect();
            assert_eq!(names.len(), 8, "{breaker:?}: {headers:#?}");
            assert!(
                !names.iter().any(|name| name.eq_ignore_ascii_case("bcc")),
                "{breaker:?}: {headers:#?}"
            );
        }
    }

    #[test]
    fn addresses_and_ids_that_could_break_out_are_refused() {
        let sender = Sender::parse("no-reply@shop.example").unwrap();
        for to in [
            "a@b.example\r\nBcc: c@d.example",
            "a@bü.example\r\nBcc: c@d.example",
            "a@b.example> RCPT TO:<c@d.example",
            "",
            "a b@c.example",
        ] {
            let message = Message {
                to: Email::stored(to.to_owned()),
                ..example()
            };
            let error = letter(&message, &sender, Timestamp::default()).unwrap_err();
            assert_eq!(error.code(), Code::InvalidState, "{to:?}");
        }
        for id in ["", "../x", "a/b", "a\r\nb", "a>b", &"x".repeat(101)] {
            let message = Message {
                id: id.to_owned(),
                ..example()
            };
            let error = letter(&message, &sender, Timestamp::default()).unwrap_err();
            assert_eq!(error.code(), Code::InternalError, "{id:?}");
        }
    }

    #[test]
    fn senders() {
        for good in [
            "a@b.example",
            " a@b.example ",
            "A <a@b.example>",
            "\"A, B\" <a@b.example>",
            "<a@b.example>",
        ] {
            assert_eq!(
                Sender::parse(good).unwrap().0.email.as_ref() as &str,
                "a@b.example",
                "{good}"
            );
        }
        let sender = Sender::parse("Bücher <Post@Bücher.example>").unwrap();
        assert_eq!(sender.0.email.as_ref() as &str, "Post@xn--bcher-kva.example");
        assert_eq!(
            Sender::parse("\"A, B\" <a@b.example>").unwrap().0.name.as_deref(),
            Some("A, B")
        );
        for bad in [
            "",
            "A",
            "A <>",
            "A <a@b.example",
            "a@b.example, c@d.example",
            "a@b\r\n.example",
            "a@127.0.0.1",
            "a@b_c.example",
        ] {
            assert!(Sender::parse(bad).is_err(), "{bad:?}");
        }
    }
}
