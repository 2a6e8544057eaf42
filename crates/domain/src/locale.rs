//! The languages that Mainstay writes in.

use crate::string_enum;
use crate::validation::Invalid;

string_enum! {
    /// A language that Mainstay writes mail in, by its language tag (RFC 5646).
    #[derive(Default)]
    pub enum Locale {
        /// English, also where the person's language is not known or not available.
        #[default]
        English = "en",
        /// German.
        German = "de",
    }
}

/// The longest language tag that is read, in characters (RFC 5646, 4.4.1).
const MAX_TAG: usize = 35;

/// Language ranges of an `Accept-Language` header that are read; further ones are ignored.
const MAX_RANGES: usize = 20;

impl Locale {
    /// Parses the language tag that a client chose (BCP 47). A variety stands for its language: `de-AT` is German.
    ///
    /// # Errors
    /// `LENGTH`; `FORMAT` for a text that is no language tag, and for a language that Mainstay does not write in.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > MAX_TAG {
            let sentence = format!("must be at most {MAX_TAG} characters");
            return Err(Invalid::new("LENGTH", sentence));
        }
        let is_subtag = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        Some(text)
            .filter(|text| text.split('-').all(is_subtag))
            .and_then(Self::of_tag)
            .ok_or_else(|| Invalid::new("FORMAT", format!("must be one of {}", Self::NAMES.join(", "))))
    }

    /// The language of a tag (RFC 4647, 3.4): `de-AT` is German. `None` when Mainstay does not write in it.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let language = tag.split('-').next().unwrap_or_default();
        let mut known = Self::ALL.into_iter();
        known.find(|locale| locale.as_str().eq_ignore_ascii_case(language))
    }

    /// The language that an `Accept-Language` header prefers among those that Mainstay writes in (RFC 9110, 12.5.4):
    /// the one of the greatest weight, of equals the first. Malformed ranges are ignored.
    pub fn negotiate(accept_language: &str) -> Self {
        let ranges = accept_language.split(',').take(MAX_RANGES).filter_map(range);
        let mut best: Option<(Self, u16)> = None;
        for (locale, weight) in ranges {
            if weight > best.map_or(0, |(_, greatest)| greatest) {
                best = Some((locale, weight));
            }
        }
        best.map_or_else(Self::default, |(locale, _)| locale)
    }
}

/// One range with its weight in thousandths.
fn range(text: &str) -> Option<(Locale, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let tag = parts.next()?;
    let weight = match parts.next() {
        None => 1000,
        Some(weight) => weight_of(weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="))?)?,
    };
    let locale = match tag {
        "*" => Some(Locale::default()),
        tag => Locale::of_tag(tag),
    };
    locale.map(|locale| (locale, weight))
}

/// A weight (RFC 9110, 12.4.2): 0 to 1 with up to three decimals, in thousandths.
fn weight_of(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_by_its_language() {
        for (tag, locale) in [
            ("de", Some(Locale::German)),
            ("DE-at", Some(Locale::German)),
            ("en-GB", Some(Locale::English)),
            ("fr", None),
            ("deu", None),
            ("", None),
            ("-de", None),
        ] {
            assert_eq!(Locale::of_tag(tag), locale, "{tag:?}");
        }
    }

    #[test]
    fn a_chosen_language_is_a_tag_of_a_known_language() {
        for (text, locale) in [
            ("en", Locale::English),
            ("de", Locale::German),
            ("DE", Locale::German),
            ("de-AT", Locale::German),
            ("en-Latn-GB", Locale::English),
        ] {
            assert_eq!(Locale::parse(text).unwrap(), locale, "{text:?}");
        }
        for text in [
            "",
            "fr",
            "deutsch",
            "de-",
            "-de",
            "de--AT",
            "de_AT",
            " de",
            "de\n",
            "dé",
            "de-subtagtoolong",
        ] {
            assert_eq!(Locale::parse(text).unwrap_err().code, "FORMAT", "{text:?}");
        }
        let long = format!("de{}", "-x".repeat(20));
        assert_eq!(Locale::parse(&long).unwrap_err().code, "LENGTH");
    }

    #[test]
    fn the_greatest_weight_wins_and_of_equals_the_first() {
        for (header, locale) in [
            ("de", Locale::German),
            ("de-AT, de;q=0.9, en;q=0.8", Locale::German),
            ("en;q=0.8, de;q=0.9", Locale::German),
            ("fr, de;q=0.5, *;q=0.1", Locale::German),
            ("en, de", Locale::English),
            ("de, en", Locale::German),
            ("de;q=0, fr", Locale::English),
            ("*", Locale::English),
            ("fr", Locale::English),
        ] {
            assert_eq!(Locale::negotiate(header), locale, "{header:?}");
        }
    }

    #[test]
    fn malformed_ranges_are_ignored() {
        let long = format!("{}de", "fr,".repeat(MAX_RANGES));
        for header in [
            "",
            ",",
            ";",
            "de;q=",
            "de;q=2",
            "de;q=1.1",
            "de;q=0.0001",
            "de;q=-1",
            "de;q=0.x",
            "de;level=1",
            "\u{0}",
            &long,
        ] {
            assert_eq!(Locale::negotiate(header), Locale::English, "{header:?}");
        }
    }
}
