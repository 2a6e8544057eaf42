//! Which kinds of events an endpoint is informed of.

use crate::validation::Invalid;

/// A kind of events, or a family of kinds: `order.paid`, `order.*`, `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindPattern<'p>(&'p str);

impl<'p> KindPattern<'p> {
    /// The longest pattern in bytes.
    pub const MAX_LEN: usize = 100;

    /// Parses a pattern.
    ///
    /// # Errors
    /// `FORMAT` when it is neither `*` nor words of small letters, digits and dashes between dots, the last of which may
    /// be `*`; `LENGTH` when it is too long.
    pub fn parse(text: &'p str) -> Result<Self, Invalid> {
        if text.len() > Self::MAX_LEN {
            return Err(Invalid::new("LENGTH", "must be at most 100 characters"));
        }
        let is_word = |word: &str| {
            let mut bytes = word.bytes();
            !word.is_empty() && bytes.all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        };
        let (family, last) = match text.rsplit_once('.') {
            Some((family, last)) => (Some(family), last),
            None => (None, text),
        };
        let is_family = family.is_none_or(|family| family.split('.').all(is_word));
        let is_kind = family.is_some() && is_word(last);
        match is_family && (last == "*" || is_kind) {
            true => Ok(Self(text)),
            false => Err(Invalid::new(
                "FORMAT",
                "must be a kind such as order.paid, order.* or *",
            )),
        }
    }

    /// Whether a kind of events is one of those that the pattern names.
    pub fn matches(self, kind: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(family) => kind.starts_with(family),
            None => kind == self.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_kind_or_a_family() {
        for (pattern, kind, matches) in [
            ("order.paid", "order.paid", true),
            ("order.paid", "order.placed", false),
            ("order.*", "order.paid", true),
            ("order.*", "orders.paid", false),
            ("order.*", "order-line.paid", false),
            ("*", "data-export.done", true),
            ("data-export.*", "data-export.done", true),
        ] {
            let parsed = KindPattern::parse(pattern).unwrap();
            assert_eq!(parsed.matches(kind), matches, "{pattern} {kind}");
        }
        for bad in [
            "",
            "order",
            "order.",
            ".paid",
            "order.*.paid",
            "Order.paid",
            "order.p*",
            "**",
            "order..paid",
            "a b.c",
        ] {
            assert_eq!(KindPattern::parse(bad).unwrap_err().code, "FORMAT", "{bad}");
        }
        assert_eq!(KindPattern::parse(&"a".repeat(101)).unwrap_err().code, "LENGTH");
    }
}
