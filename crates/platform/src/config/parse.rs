//! Parsers from a setting's text to its value. The error is the reason, in words, without the value of a secret.

use super::secret::Secret;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mainstay_domain::email::Email;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The value, or the reason why the text is refused.
pub(super) type Parsed<T> = Result<T, String>;

/// `None` for an empty text, else the result of `parse`.
pub(super) fn optional<T>(text: &str, parse: fn(&str) -> Parsed<T>) -> Parsed<Option<T>> {
    if text.is_empty() {
        Ok(None)
    } else {
        parse(text).map(Some)
    }
}

/// One of a fixed set of words, in any case.
pub(super) fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Parsed<T> {
    let chosen = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    chosen.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        format!("is none of {}", names.join(", "))
    })
}

/// `on` or `off`; also accepts `true` and `false`.
pub(super) fn switch(text: &str) -> Parsed<bool> {
    choice(
        text,
        &[("on", true), ("off", false), ("true", true), ("false", false)],
    )
}

/// A whole number from `least` to `greatest`.
pub(super) fn whole<T: FromStr + PartialOrd + Display>(text: &str, least: T, greatest: T) -> Parsed<T> {
    match text.parse::<T>() {
        Ok(number) if number >= least && number <= greatest => Ok(number),
        _ => Err(format!("is not a whole number from {least} to {greatest}")),
    }
}

/// The entries of a comma-separated list, without the empty ones.
pub(super) fn list<T>(text: &str, parse: fn(&str) -> Parsed<T>) -> Parsed<Vec<T>> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(parse)
        .collect()
}

/// A duration such as `90s`, `15m`, `1h30m` or `7d`, from `least` to `greatest`, each with its spelling for the error.
pub(super) fn duration(text: &str, least: &str, greatest: &str) -> Parsed<Duration> {
    let bounds = span(least).zip(span(greatest));
    match span(text).zip(bounds) {
        Some((span, (least, greatest))) if span >= least && span <= greatest => Ok(span),
        Some(_) => Err(format!("is not between {least} and {greatest}")),
        None => Err("is not a duration: whole numbers with the units ms, s, m, h, d".to_owned()),
    }
}

/// `None` when it is not a duration or too long to be one.
fn span(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, after) = split_number(rest)?;
        let after = after.trim_start();
        let unit_end = after
            .find(|letter: char| !letter.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let millis: u64 = match &after[..unit_end] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(number.checked_mul(millis)?))?;
        rest = after[unit_end..].trim_start();
    }
    (!text.is_empty()).then_some(total)
}

fn split_number(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// A size in bytes such as `512KiB`, `10MiB` or `1000000`, from 1 KiB to 1 GiB.
pub(super) fn size(text: &str) -> Parsed<usize> {
    bounded_size(text, (1 << 10, "1KiB"), (1 << 30, "1GiB"))
}

/// Memory that many requests share: from 1 MiB, enough for some requests of the usual size, to 64 GiB.
pub(super) fn budget(text: &str) -> Parsed<usize> {
    bounded_size(text, (1 << 20, "1MiB"), (1 << 36, "64GiB"))
}

/// A size between two bounds, each with its spelling.
fn bounded_size(text: &str, least: (usize, &str), greatest: (usize, &str)) -> Parsed<usize> {
    let bytes = split_number(text).and_then(|(number, unit)| {
        let factor: u64 = match unit.trim() {
            "" | "B" => 1,
            "kB" => 1_000,
            "KiB" => 1 << 10,
            "MB" => 1_000_000,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return None,
        };
        usize::try_from(number.checked_mul(factor)?).ok()
    });
    match bytes {
        Some(bytes) if (least.0..=greatest.0).contains(&bytes) => Ok(bytes),
        Some(_) => Err(format!("is not between {} and {}", least.1, greatest.1)),
        None => Err("is not a size: a whole number with the unit B, KiB, MiB or GiB".to_owned()),
    }
}

/// A folder; it need not exist yet.
pub(super) fn folder(text: &str) -> Parsed<PathBuf> {
    match text {
        "" => Err("is empty".to_owned()),
        _ if text.contains('\0') => Err("contains a NUL".to_owned()),
        // A path of the environment that is not UTF-8 was read with this character in it, which names another folder.
        _ if text.contains(char::REPLACEMENT_CHARACTER) => Err("is not UTF-8".to_owned()),
        _ => Ok(PathBuf::from(text)),
    }
}

/// A short name of visible ASCII for a claim of a token.
pub(super) fn claim(text: &str) -> Parsed<String> {
    if (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("is not 1 to 200 visible ASCII characters".to_owned())
    }
}

/// A sender, bare or as `Name <address>`; refuses text that could start another mail header.
pub(super) fn sender(text: &str) -> Parsed<String> {
    let address = match text.trim().rsplit_once('<') {
        Some((_, rest)) => rest.strip_suffix('>'),
        None => Some(text.trim()),
    };
    let good = address.is_some_and(|address| Email::parse(address).is_ok());
    if good && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("is not a mail address".to_owned())
    }
}

/// A secret for HS256: at least as long as its digest (RFC 7518, 3.2).
pub(super) fn signing_secret(text: &str) -> Parsed<Secret<String>> {
    match text.len() {
        32.. => Ok(Secret::new(text.to_owned())),
        short => Err(format!("has {short} bytes; fewer than 32 can be guessed")),
    }
}

/// Exactly 32 bytes in base64, with or without padding.
pub(super) fn master_key(text: &str) -> Parsed<Secret<[u8; 32]>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(&STANDARD, lenient)
        .decode(text)
        .map(zeroize::Zeroizing::new);
    match bytes.as_ref().map(|bytes| <[u8; 32]>::try_from(bytes.as_slice())) {
        Ok(Ok(key)) => Ok(Secret::new(key)),
        Ok(Err(_)) => Err(format!(
            "is {} bytes long, not 32",
            bytes.map_or(0, |bytes| bytes.len())
        )),
        Err(_) => Err("is not base64".to_owned()),
    }
}

/// A secret in the form of Standard Webhooks: `whsec_` and 24 to 64 bytes in base64.
pub(super) fn webhook_secret(text: &str) -> Parsed<Secret<Vec<u8>>> {
    let encoded = text.strip_prefix("whsec_").ok_or("does not begin with whsec_")?;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .map(zeroize::Zeroizing::new)
        .map_err(|_| "is not base64 after whsec_".to_owned())?;
    match bytes.len() {
        24..=64 => Ok(Secret::new(bytes.to_vec())),
        other => Err(format!("has {other} bytes, not 24 to 64")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_humane_and_need_a_unit() {
        for (text, seconds) in [
            ("90s", 90),
            ("15m", 900),
            ("7d", 604_800),
            ("1h30m", 5_400),
            ("1h 30m", 5_400),
            ("2000ms", 2),
        ] {
            assert_eq!(
                duration(text, "1s", "30d"),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "15",
            "m",
            "-5s",
            "1.5h",
            "5 weeks",
            "99999999999999999999d",
            "18446744073709551615d",
            "5é",
        ] {
            assert!(duration(text, "1s", "30d").is_err(), "{text}");
        }
        assert_eq!(
            duration("31d", "1s", "30d"),
            Err("is not between 1s and 30d".to_owned())
        );
    }

    #[test]
    fn sizes_have_binary_and_decimal_units() {
        assert_eq!(size("10MiB"), Ok(10 << 20));
        assert_eq!(size("2 MB"), Ok(2_000_000));
        assert_eq!(size("4096"), Ok(4096));
        assert!(
            ["", "10 apples", "1B", "2GiB", "18446744073709551615KiB"]
                .into_iter()
                .all(|text| size(text).is_err())
        );
    }

    #[test]
    fn keys_have_their_length() {
        assert!(master_key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").is_ok());
        assert!(master_key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").is_ok());
        assert_eq!(
            master_key("AAAA").err().as_deref(),
            Some("is 3 bytes long, not 32")
        );
        assert_eq!(master_key("hunter2!").err().as_deref(), Some("is not base64"));
        assert!(signing_secret(&"x".repeat(31)).is_err() && signing_secret(&"x".repeat(32)).is_ok());
    }

    #[test]
    fn a_sender_cannot_inject_a_header() {
        assert!(sender("Mainstay <no-reply@localhost>").is_ok() && sender("a@b.example").is_ok());
        for text in [
            "",
            "no-address",
            "a@b\r\nBcc: c@d",
            "X <a@b",
            "a@b@c",
            "<@b>",
            "a@b, c@d",
            "a@b..c",
            "a@b.",
            ".a@b",
            "a@-b",
        ] {
            assert!(sender(text).is_err(), "{text}");
        }
    }
}
