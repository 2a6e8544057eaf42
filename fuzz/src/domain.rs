//! Parsers of values.

use crate::with_text;
use mainstay_domain::currency::Currency;
use mainstay_domain::email::Email;
use mainstay_domain::email_code::EmailCode;
use mainstay_domain::host::HostName;
use mainstay_domain::id::UserId;
use mainstay_domain::locale::Locale;
use mainstay_domain::page::Cursor;
use mainstay_domain::product::{Attributes, Sku};
use mainstay_domain::text;
use mainstay_domain::time::Timestamp;
use mainstay_domain::webhook::KindPattern;
use mainstay_domain::{access::RoleName, password};

/// A cursor that is accepted is written and read again as itself.
pub fn cursor(bytes: &[u8]) {
    with_text(bytes, |text| {
        if let Ok(cursor) = Cursor::decode(text) {
            assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }
    });
}

/// Every value has one spelling: what was accepted is accepted again, unchanged.
pub fn values(bytes: &[u8]) {
    with_text(bytes, |text| {
        if let Ok(email) = Email::parse(text) {
            assert_eq!(Email::parse(email.as_str()).as_ref(), Ok(&email));
        }
        if let Ok(sku) = Sku::parse(text) {
            assert_eq!(Sku::parse(sku.as_str()).as_ref(), Ok(&sku));
        }
        if let Ok(role) = RoleName::parse(text) {
            assert_eq!(RoleName::parse(role.as_str()).as_ref(), Ok(&role));
        }
        if let Ok(currency) = Currency::parse(text) {
            assert_eq!(Currency::parse(currency.code()), Ok(currency));
        }
        if let Ok(pattern) = KindPattern::parse(text) {
            // A pattern without a star names itself, and nothing else.
            assert!(pattern.matches(text));
            assert!(text.ends_with('*') || !pattern.matches(&format!("{text}x")));
        }
        if let Ok(instant) = Timestamp::parse(text) {
            // Shown in milliseconds, stored in microseconds.
            let shown = instant.to_string();
            assert_eq!(Timestamp::parse(&shown).map(|again| again.to_string()), Ok(shown));
        }
        if let Some(host) = HostName::parse(text) {
            assert_eq!(HostName::parse(host.ascii()).as_ref(), Some(&host));
        }
        if let Ok(id) = text.parse::<UserId>() {
            assert_eq!(id.to_string(), text.to_ascii_lowercase());
        }
        if let Ok(code) = EmailCode::parse(text) {
            assert_eq!(EmailCode::parse(&code.text()), Ok(code));
        }
        if let Ok(locale) = Locale::parse(text) {
            assert_eq!(Locale::parse(locale.as_str()), Ok(locale));
        }
        let _ = Locale::negotiate(text);
        let _ = password::check_new(text, &[text]);
        let prepared = password::prepared(text);
        assert_eq!(password::prepared(&prepared), prepared);
    });
}

/// Texts are normalised once and keep within their bounds; folded text is folded no further.
pub fn text(bytes: &[u8]) {
    with_text(bytes, |input| {
        const MAX: usize = 40;
        for parse in [text::line, text::paragraph] {
            if let Ok(accepted) = parse(input, MAX) {
                assert!(accepted.chars().count() <= MAX);
                assert_eq!(parse(&accepted, MAX), Ok(accepted));
            }
        }
        let normalized = text::normalized(input);
        assert_eq!(text::normalized(&normalized), normalized);
        let folded = text::folded(input);
        assert_eq!(text::folded(&folded), folded);
        assert!(text::words(input).all(|word| !word.is_empty()));
    });
}

/// Attributes that are accepted come back from the database exactly as they were sent.
pub fn attributes(bytes: &[u8]) {
    with_text(bytes, |text| {
        if let Ok(attributes) = Attributes::parse(text) {
            let stored = attributes.to_json();
            assert_eq!(Attributes::parse(&stored).as_ref(), Ok(&attributes));
            let read = Attributes::stored(&stored).expect("what was written is read");
            assert_eq!(read, attributes);
        }
    });
}
