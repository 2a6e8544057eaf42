//! Writes a mail: its texts in a language, in the layout that all mails share.

use super::draft::{Draft, OrderTable, Value};
use super::texts::{Words, texts, words};
use mainstay_domain::locale::Locale;
use mainstay_domain::name::PersonName;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_engine::mail::{Rendered, Template, Templates, one_line};
use serde::Serialize;
use std::sync::LazyLock;
use std::time::Duration;

/// The layout of every mail.
const LAYOUT: Template = Template {
    name: "layout",
    subject: "{{ subject }}",
    text: include_str!("templates/layout.txt"),
    html: include_str!("templates/layout.html"),
};

/// The layout is part of the program, so it is compiled once.
static COMPILED: LazyLock<Result<Templates>> = LazyLock::new(|| Templates::compile(&[LAYOUT]));

/// The values of the layout: the texts with their values inserted, not escaped yet.
#[derive(Serialize)]
struct Content {
    language: &'static str,
    subject: String,
    heading: String,
    greeting: String,
    body: Vec<String>,
    link: Option<LinkContent>,
    code: Option<String>,
    facts: Vec<FactContent>,
    order: Option<OrderContent>,
    closing: Vec<String>,
    footer: String,
}

#[derive(Serialize)]
struct LinkContent {
    label: String,
    hint: &'static str,
    url: String,
}

#[derive(Serialize)]
struct FactContent {
    label: &'static str,
    value: String,
}

#[derive(Serialize)]
struct OrderContent {
    labels: [&'static str; 5],
    #[serde(flatten)]
    table: OrderTable,
}

/// Writes a mail in a language, for a reader of that name. `public_url` is where its link leads, and its host the name
/// of the site.
///
/// # Errors
/// An internal error when a text names a value that the draft does not have, which a test of every mail excludes.
pub(super) fn write(
    draft: &Draft,
    name: Option<&PersonName>,
    locale: Locale,
    public_url: &str,
) -> Result<Rendered> {
    let templates = COMPILED.as_ref().map_err(Clone::clone)?;
    templates.render(&LAYOUT, &content(draft, name, locale, public_url)?)
}

fn content(draft: &Draft, name: Option<&PersonName>, locale: Locale, public_url: &str) -> Result<Content> {
    let (texts, words) = (texts(draft.kind, locale), words(locale));
    let public_url = public_url.trim_end_matches('/');
    let mut values: Vec<(&str, String)> = vec![("site", site(public_url).to_owned())];
    values.extend(
        draft
            .values
            .iter()
            .map(|(name, value)| (*name, shown(value, words))),
    );
    values.extend(name.map(|name| ("name", one_line(name.as_str()))));
    let fill = |text: &str| filled(text, &values);
    let fill_all = |all: &[&str]| all.iter().map(|text| fill(text)).collect::<Result<Vec<_>>>();
    let link = draft.link.as_ref().map(|link| -> Result<LinkContent> {
        let unlabelled = || Error::bug(format!("{} has no label for its link", draft.kind));
        let label = texts.action.ok_or_else(unlabelled)?;
        let token = link.token.as_ref().map(|token| format!("#{}", token.expose()));
        Ok(LinkContent {
            label: fill(label)?,
            hint: words.link_hint,
            url: format!("{public_url}/{}{}", link.page, token.unwrap_or_default()),
        })
    });
    let facts = draft.facts.iter().map(|(fact, value)| FactContent {
        label: words.facts[*fact as usize],
        value: shown(value, words),
    });
    Ok(Content {
        language: locale.as_str(),
        subject: fill(texts.subject)?,
        heading: fill(texts.heading)?,
        greeting: fill(if name.is_some() {
            words.hello_name
        } else {
            words.hello
        })?,
        body: fill_all(texts.body)?,
        link: link.transpose()?,
        code: draft.code.as_ref().map(|code| code.expose().clone()),
        facts: facts.collect(),
        order: draft.order.clone().map(|table| OrderContent {
            labels: words.order,
            table,
        }),
        closing: fill_all(texts.closing)?,
        footer: fill(words.footer)?,
    })
}

/// The name of the site: host and port of its address.
fn site(public_url: &str) -> &str {
    public_url.split_once("://").map_or(public_url, |(_, site)| site)
}

/// The text with its values inserted. A value is not read again, whatever it contains.
fn filled(text: &str, values: &[(&str, String)]) -> Result<String> {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| Error::bug(format!("a text of a mail is not closed: {text}")))?;
        let value = values.iter().find(|(named, _)| *named == name);
        let (_, value) = value.ok_or_else(|| Error::bug(format!("a mail has no value {name}")))?;
        written.push_str(before);
        written.push_str(value);
        rest = after;
    }
    written.push_str(rest);
    Ok(written)
}

fn shown(value: &Value, words: &Words) -> String {
    match value {
        Value::Text(text) => one_line(text),
        Value::Duration(duration) => in_words(*duration, words),
        Value::Time(time) => minute(*time),
    }
}

/// A duration in the largest unit that divides it, of days (from two on), hours and minutes.
fn in_words(duration: Duration, words: &Words) -> String {
    let minutes = duration.as_secs() / 60;
    let (count, unit) = match minutes {
        _ if minutes.is_multiple_of(60 * 24) && minutes > 60 * 24 => (minutes / (60 * 24), 0),
        _ if minutes.is_multiple_of(60) && minutes > 0 => (minutes / 60, 1),
        _ => (minutes, 2),
    };
    let form = usize::from(count != 1);
    format!("{count} {}", words.durations[unit][form])
}

/// Date and time to the minute: `2026-11-30 19:40 UTC`.
fn minute(time: Timestamp) -> String {
    let text = time.to_string();
    match text.split_once('T').zip(text.get(11..16)) {
        Some(((date, _), minute)) => format!("{date} {minute} UTC"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::kind::MailKind;
    use mainstay_domain::error::Code;

    #[test]
    fn values_are_inserted_once_and_never_read_again() {
        let values = [("a", "{b}".to_owned()), ("b", "x".to_owned())];
        assert_eq!(filled("1 {a} 2 {b} 3", &values).unwrap(), "1 {b} 2 x 3");
        assert_eq!(filled("", &values).unwrap(), "");
        for broken in ["{c}", "{a", "{}"] {
            assert_eq!(
                filled(broken, &values).unwrap_err().code(),
                Code::InternalError,
                "{broken}"
            );
        }
    }

    #[test]
    fn durations_and_times_are_written_in_words() {
        let hours = Duration::from_hours;
        for (duration, english, german) in [
            (Duration::from_mins(15), "15 minutes", "15 Minuten"),
            (Duration::from_mins(90), "90 minutes", "90 Minuten"),
            (hours(1), "1 hour", "1 Stunde"),
            (hours(24), "24 hours", "24 Stunden"),
            (hours(7 * 24), "7 days", "7 Tage"),
        ] {
            assert_eq!(in_words(duration, words(Locale::English)), english);
            assert_eq!(in_words(duration, words(Locale::German)), german);
        }
        assert_eq!(
            minute(Timestamp::from_seconds(1_800_000_000)),
            "2027-01-15 08:00 UTC"
        );
    }

    #[test]
    fn a_missing_value_is_an_error_and_not_an_empty_text() {
        let error = write(
            &Draft::new(MailKind::OrderPaid),
            None,
            Locale::English,
            "https://shop.example",
        );
        assert_eq!(error.unwrap_err().code(), Code::InternalError);
    }
}
