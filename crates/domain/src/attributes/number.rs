//! JSON numbers, compared with the values that they are stored as.

use super::short;
use crate::validation::Invalid;
use serde_json::Number;

/// The numbers of a JSON text as written, in order.
pub(super) struct Numbers<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Numbers<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'t> Iterator for Numbers<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let bytes = self.text.as_bytes();
        let mut in_text = false;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\\' if in_text => self.at += 1,
                b'"' => in_text = !in_text,
                b'-' | b'0'..=b'9' if !in_text => {
                    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                    let rest = &bytes[self.at..];
                    let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
                    let begin = self.at;
                    self.at += length;
                    return self.text.get(begin..self.at);
                }
                _ => {}
            }
            self.at += 1;
        }
        None
    }
}

/// The number with exactly this value: whole from -2^63 to 2^64-1, else the double that is printed with the same
/// decimal value. Whole numbers with an exponent are written out, because PostgreSQL does so; there is no negative
/// zero.
///
/// # Errors
/// `RANGE` when no such number exists.
pub(super) fn exact(text: &str) -> Result<Number, Invalid> {
    kept(text).ok_or_else(|| {
        let why = "cannot be kept exactly: send it as a text";
        Invalid::new("RANGE", format!("has the number {}, which {why}", short(text)))
    })
}

fn kept(text: &str) -> Option<Number> {
    let decimal = Decimal::read(text)?;
    if let Some(whole) = whole(text) {
        return Some(whole);
    }
    let double = text.parse::<f64>().ok()?;
    let number = Number::from_f64(if decimal.is_zero() { 0.0 } else { double })?;
    let printed = number.to_string();
    if Decimal::read(&printed)? != decimal {
        return None;
    }
    let is_short = text.contains(['e', 'E']) || printed.contains('e');
    let spelled = is_short.then(|| decimal.whole()).flatten();
    Some(spelled.unwrap_or(number))
}

/// A whole number within the range that is stored.
fn whole(text: &str) -> Option<Number> {
    let small = text.parse::<i64>().map(Number::from);
    small.or_else(|_| text.parse::<u64>().map(Number::from)).ok()
}

/// The value of a number: `digits` times ten to the power of `exponent`, without zeros at either end.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn read(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let exponent = exponent
            .parse::<i64>()
            .ok()?
            .checked_sub(i64::try_from(fraction.len()).ok()?)?;
        let bare = digits.trim_end_matches('0');
        let zeros = i64::try_from(digits.len() - bare.len()).ok()?;
        let digits = bare.trim_start_matches('0').to_owned();
        let zero = digits.is_empty();
        Some(Self {
            negative: negative && !zero,
            digits,
            exponent: if zero { 0 } else { exponent.checked_add(zeros)? },
        })
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The value as a whole number, if it is one within the range that is stored.
    fn whole(&self) -> Option<Number> {
        let zeros = usize::try_from(self.exponent).ok().filter(|zeros| *zeros <= 20)?;
        let sign = if self.negative { "-" } else { "" };
        whole(&format!(
            "{sign}{}{}",
            if self.is_zero() { "0" } else { &self.digits },
            "0".repeat(zeros)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_or_are_refused() {
        for (text, kept) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0.0"),
            ("0e5", "0"),
            ("1.0", "1.0"),
            ("1.50", "1.5"),
            ("1e2", "100"),
            ("1.5E+1", "15"),
            ("-2.5e-3", "-0.0025"),
            ("0.1", "0.1"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("9007199254740993", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("1e19", "10000000000000000000"),
            ("10000000000000000.0", "10000000000000000"),
            ("100000000000000000000", "1e20"),
            ("1e300", "1e300"),
            ("5e-324", "5e-324"),
        ] {
            let number = exact(text).unwrap_or_else(|flaw| panic!("{text}: {flaw}"));
            assert_eq!(number.to_string().replace("e+", "e"), kept, "{text}");
        }
        for bad in [
            "18446744073709551616",
            "-9223372036854775809",
            "9007199254740993.0",
            "0.1000000000000000055511151231257827",
            "3.14159265358979323846",
            "1e400",
            "-1e400",
            "1e-400",
            "1e99999999999999999999",
            "123456789012345678901234567890",
            "-",
            "1e",
        ] {
            assert_eq!(exact(bad).expect_err(bad).code, "RANGE");
        }
    }

    #[test]
    fn numbers_are_found_outside_of_texts_only() {
        let found: Vec<_> = Numbers::of(r#"{"1":[-2.5e+3,"4\"5","\\",6,true],"7":8}"#).collect();
        assert_eq!(found, ["-2.5e+3", "6", "8"]);
    }
}
