//! Host names.

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// A DNS host name, in both of its forms. Two spellings of one name are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName {
    ascii: String,
    shown: String,
}

impl HostName {
    /// Parses a name by UTS 46 (non-transitional, with the rules of STD 3 and the lengths of the DNS). `None` when it
    /// is not a host name; an IP address in any notation is not, nor is a name that ends like one (WHATWG URL, 3.5).
    pub fn parse(text: &str) -> Option<Self> {
        // Longer than any spelling of a name that fits into the DNS.
        if text.len() > 4 * 253 {
            return None;
        }
        let (uts46, rules) = (Uts46::new(), AsciiDenyList::STD3);
        let ascii = uts46.to_ascii(text.as_bytes(), rules, Hyphens::CheckFirstLast, DnsLength::Verify);
        let ascii = ascii.ok()?.into_owned();
        if ends_like_an_address(&ascii) {
            return None;
        }
        let (shown, read) = uts46.to_unicode(ascii.as_bytes(), rules, Hyphens::CheckFirstLast);
        read.ok()?;
        let shown = shown.into_owned();
        Some(Self { ascii, shown })
    }

    /// The form for DNS queries and protocols: A-labels (`xn--…`) in lower case.
    pub fn ascii(&self) -> &str {
        &self.ascii
    }

    /// The readable form: U-labels.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

/// True when the last label is a number, as only an IPv4 address's is.
fn ends_like_an_address(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_has_one_name() {
        for (spelled, ascii, shown) in [
            ("Example.COM", "example.com", "example.com"),
            ("bücher.example", "xn--bcher-kva.example", "bücher.example"),
            ("BU\u{308}CHER.example", "xn--bcher-kva.example", "bücher.example"),
            ("XN--BCHER-KVA.example", "xn--bcher-kva.example", "bücher.example"),
            ("ⓔxample。test", "example.test", "example.test"),
            ("faß.example", "xn--fa-hia.example", "faß.example"),
            ("r3---sn.example", "r3---sn.example", "r3---sn.example"),
            ("localhost", "localhost", "localhost"),
        ] {
            let host = HostName::parse(spelled).unwrap_or_else(|| panic!("{spelled}"));
            assert_eq!((host.ascii(), host.shown()), (ascii, shown), "{spelled}");
            assert_eq!(HostName::parse(shown), Some(host), "{spelled}");
        }
    }

    #[test]
    fn what_is_no_host_name_is_none() {
        let long = format!("{}.example", "a".repeat(64));
        let many = "a.".repeat(130) + "example";
        for bad in [
            "",
            ".",
            "a..b",
            ".example",
            "example.",
            "a_b.example",
            "a b.example",
            "-a.example",
            "a-.example",
            "127.0.0.1",
            "１２７.0.0.1",
            "127。0。0。1",
            "example.0x7f",
            "2130706433",
            "[::1]",
            "::1",
            "xn--abc-.example",
            "a\u{200b}\u{202e}.example",
            "\u{301}a.example",
            "a/b",
            "a@b",
            "a:1",
            &long,
            &many,
        ] {
            assert_eq!(HostName::parse(bad), None, "{bad:?}");
        }
    }
}
