//! The texts of the mails: one file for each language, in which every kind of mail has an entry. `{name}` stands for a
//! value.

mod de;
mod en;

use super::kind::MailKind;
use mainstay_domain::locale::Locale;

/// The texts of a kind of mail in one language.
pub(super) struct Texts {
    pub(super) subject: &'static str,
    pub(super) heading: &'static str,
    /// Paragraphs above the link, the code and the labelled values.
    pub(super) body: &'static [&'static str],
    /// The label of the link; `None` for a mail without a link.
    pub(super) action: Option<&'static str>,
    /// Paragraphs below them.
    pub(super) closing: &'static [&'static str],
}

/// The words that mails share.
pub(super) struct Words {
    /// A greeting without a name.
    pub(super) hello: &'static str,
    /// A greeting with `{name}`.
    pub(super) hello_name: &'static str,
    /// Above the address of a link, for programs that do not show the link itself.
    pub(super) link_hint: &'static str,
    /// Why the mail was sent, with `{site}`.
    pub(super) footer: &'static str,
    /// The label of the time, the network address and the device of a request.
    pub(super) facts: [&'static str; 3],
    /// The labels of an order's table: what, price, each, together, total.
    pub(super) order: [&'static str; 5],
    /// One and several of: days, hours, minutes.
    pub(super) durations: [[&'static str; 2]; 3],
}

/// The texts of a kind of mail in a language.
pub(super) fn texts(kind: MailKind, locale: Locale) -> Texts {
    match locale {
        Locale::English => en::texts(kind),
        Locale::German => de::texts(kind),
    }
}

/// The shared words of a language.
pub(super) fn words(locale: Locale) -> &'static Words {
    match locale {
        Locale::English => &en::WORDS,
        Locale::German => &de::WORDS,
    }
}
