//! The host that a request is addressed to.

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Uri, Version};
use mainstay_domain::{Error, Result};
use std::borrow::Cow;
use std::net::Ipv6Addr;

/// The host, with its port, that a request is addressed to; empty for HTTP/1.0 without one.
///
/// Refuses a request that two parsers could attribute to different hosts: a proxy in front of the server may have
/// decided by the other one.
///
/// # Errors
/// `BAD_REQUEST` for HTTP/1.1 without `Host` or with several (RFC 9112, 3.2), for HTTP/2 without an authority or with
/// a different `Host` (RFC 9113, 8.3.1), and for an invalid host: empty, with user information, or with a bad port.
pub(super) fn of<'r>(version: Version, headers: &'r HeaderMap, uri: &'r Uri) -> Result<Cow<'r, str>> {
    let mut lines = headers.get_all(HOST).iter();
    let named = match (lines.next(), lines.next()) {
        (None, _) => None,
        (Some(line), None) => Some(line.to_str().map_err(|_| refused("is no host"))?),
        (Some(_), Some(_)) => return Err(refused("is given more than once")),
    };
    let target = uri.authority().map(Authority::as_str);
    if version == Version::HTTP_11 && named.is_none() {
        return Err(refused("is missing"));
    }
    if version == Version::HTTP_2
        && let (Some(named), Some(target)) = (named, target)
        && !named.eq_ignore_ascii_case(target)
    {
        return Err(refused("is another host than the :authority"));
    }
    for host in [named, target].into_iter().flatten() {
        if !is_host(host) {
            return Err(refused("is no host"));
        }
    }
    // The authority of the request target overrules the header (RFC 9112, 3.2.2).
    match target.or(named) {
        Some(host) => Ok(Cow::Borrowed(host)),
        None if version < Version::HTTP_11 => Ok(Cow::Borrowed("")),
        None => Err(refused("is missing")),
    }
}

/// Whether the text is a name or an address, optionally with a port, without user (RFC 9110, 4.2.4 and 7.2).
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => (address.parse::<Ipv6Addr>().is_ok(), rest),
        None => {
            let name = text.split(':').next().unwrap_or_default();
            let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
            (!name.is_empty() && name.bytes().all(good), &text[name.len()..])
        }
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    let good_port = digits.is_empty()
        || (digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok());
    host && good_port && (digits.is_empty() || digits.len() < port.len())
}

fn refused(why: &str) -> Error {
    Error::BadRequest(format!("the host that the request is addressed to (Host) {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addressed(version: Version, lines: &[&str], target: &str) -> Option<String> {
        let lines = lines.iter().map(|line| (HOST, line.parse().unwrap()));
        let headers = lines.fold(HeaderMap::new(), |mut all, (name, value)| {
            all.append(name, value);
            all
        });
        let target = target.parse().unwrap();
        let host = of(version, &headers, &target);
        host.ok().map(Cow::into_owned)
    }

    #[test]
    fn a_request_is_addressed_to_one_host() {
        let host_of = |lines: &[&str]| addressed(Version::HTTP_11, lines, "/");
        for good in [
            "shop.example",
            "shop.example:3000",
            "127.0.0.1:80",
            "[::1]:3000",
            "[::1]",
            "localhost",
            "a_b.internal",
            "shop.example:",
        ] {
            assert_eq!(host_of(&[good]).as_deref(), Some(good));
        }
        for bad in [
            "",
            " ",
            "a b",
            "user@shop.example",
            "user:pass@shop.example",
            "shop.example:x",
            "shop.example:99999",
            ":3000",
            "a,b",
            "http://shop.example",
            "shop.example/x",
            "[::1",
            "[::1]3000",
            "[x]",
            "::1",
            "a\u{e9}",
        ] {
            assert_eq!(host_of(&[bad]), None, "{bad:?}");
        }
        assert_eq!(host_of(&[]), None);
        assert_eq!(host_of(&["shop.example", "shop.example"]), None);
    }

    #[test]
    fn the_target_overrules_the_header_where_it_names_a_host() {
        let url = "http://one.example/x";
        assert_eq!(
            addressed(Version::HTTP_11, &["two.example"], url).as_deref(),
            Some("one.example")
        );
        assert_eq!(addressed(Version::HTTP_11, &[], url), None);
        assert_eq!(
            addressed(Version::HTTP_2, &[], url).as_deref(),
            Some("one.example")
        );
        assert_eq!(
            addressed(Version::HTTP_2, &["ONE.example"], url).as_deref(),
            Some("one.example")
        );
        assert_eq!(addressed(Version::HTTP_2, &["two.example"], url), None);
        assert_eq!(
            addressed(Version::HTTP_2, &["one.example"], "/").as_deref(),
            Some("one.example")
        );
        assert_eq!(addressed(Version::HTTP_2, &[], "/"), None);
        assert_eq!(addressed(Version::HTTP_2, &[], "http://me@one.example/"), None);
        assert_eq!(addressed(Version::HTTP_10, &[], "/").as_deref(), Some(""));
    }
}
