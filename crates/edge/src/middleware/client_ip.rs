//! The client address of a request.

use http::{HeaderMap, HeaderName, HeaderValue};
use mainstay_platform::config::TrustedProxies;
use mainstay_platform::network::{canonical, parse_address};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Finds the client's address: the peer's, unless the peer is a trusted proxy. In that case it walks the addresses that
/// proxies added to `X-Forwarded-For` from the right, and takes the first that is not a trusted proxy's. A client can
/// forge everything to the left of it, in any bytes; that part is not even parsed.
pub(super) struct ClientAddress {
    trusted: TrustedProxies,
    /// Whether the warning about an untrusted peer that sends `X-Forwarded-For` was logged.
    warned: AtomicBool,
}

impl ClientAddress {
    pub(super) fn new(trusted: TrustedProxies) -> Self {
        Self {
            trusted,
            warned: AtomicBool::new(false),
        }
    }

    /// The client's address in canonical form.
    pub(super) fn of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = canonical(peer);
        if self.trusted.trusts(peer) {
            return self.walk(peer, headers);
        }
        if headers.contains_key(X_FORWARDED_FOR) && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                "X-Forwarded-For was ignored, because TRUSTED_PROXIES does not name the peer: if it is a proxy of yours, add \
                 it, or all clients behind it share one address and its limits; this is said once"
            );
        }
        peer
    }

    fn walk(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        let lines = headers.get_all(X_FORWARDED_FOR).iter();
        // Header lines keep their order, and a proxy appends its own line after those it received.
        let lines: Vec<&[u8]> = lines.map(HeaderValue::as_bytes).collect();
        for hop in lines
            .iter()
            .rev()
            .flat_map(|line| line.rsplit(|byte| *byte == b','))
        {
            // An unreadable element ends the walk: the proxy that added it counts as the client.
            let Some(address) = read(hop) else {
                return client;
            };
            client = address;
            if !self.trusted.trusts(client) {
                return client;
            }
        }
        client
    }
}

/// Parses an address, optionally with a port and in quotes: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`,
/// `[2001:db8::1]`, `"[2001:db8::1]:80"`. Proxies differ in what they write; an empty element and `unknown` yield
/// `None`.
fn read(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim_matches([' ', '\t']);
    let text = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text);
    parse_address(text).or_else(|| {
        let socket: SocketAddr = text.parse().ok()?;
        Some(canonical(socket.ip()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn client_of(peer: &str, lines: &[&str]) -> String {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        client_of_bytes(peer, &lines)
    }

    fn client_of_bytes(peer: &str, lines: &[&[u8]]) -> String {
        let trusted = TrustedProxies::from(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let headers = lines
            .iter()
            .map(|line| (X_FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap()))
            .collect();
        ClientAddress::new(trusted)
            .of(peer.parse().unwrap(), &headers)
            .to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client_of("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
    }

    #[test]
    fn the_first_untrusted_hop_from_the_right_is_the_client() {
        assert_eq!(
            client_of("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.9.9.9"]),
            "198.51.100.7"
        );
        assert_eq!(
            client_of("10.0.0.1", &["1.1.1.1", "198.51.100.7", "10.2.3.4"]),
            "198.51.100.7"
        );
        assert_eq!(
            client_of("::ffff:10.0.0.1", &["198.51.100.7:4711"]),
            "198.51.100.7"
        );
        assert_eq!(client_of("fd00::1", &["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(client_of("fd00::1", &["[2001:db8::1]"]), "2001:db8::1");
    }

    #[test]
    fn what_cannot_be_read_ends_the_walk() {
        assert_eq!(client_of("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(
            client_of("10.0.0.1", &["198.51.100.7, unknown, 10.2.2.2"]),
            "10.2.2.2"
        );
        assert_eq!(client_of("10.0.0.1", &["198.51.100.7, "]), "10.0.0.1");
        assert_eq!(client_of("10.0.0.1", &["10.1.1.1, 10.2.2.2"]), "10.1.1.1");
    }

    #[test]
    fn a_line_that_is_no_text_hides_nothing_that_a_proxy_said() {
        let dirty: &[u8] = b"6.6.6.6\xff";
        assert_eq!(
            client_of_bytes("10.0.0.1", &[dirty, b"198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(
            client_of_bytes("10.0.0.1", &[b"6.6.6.6\xff, 198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(client_of_bytes("10.0.0.1", &[dirty, b"10.2.2.2"]), "10.2.2.2");
        assert_eq!(client_of_bytes("10.0.0.1", &[dirty]), "10.0.0.1");
    }

    #[test]
    fn every_way_to_write_an_address_is_read() {
        for (hop, address) in [
            ("198.51.100.7", "198.51.100.7"),
            (" \t198.51.100.7:4711 ", "198.51.100.7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("[::ffff:198.51.100.7]:80", "198.51.100.7"),
            ("\"198.51.100.7\"", "198.51.100.7"),
            ("\"[2001:db8::1]:80\"", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:DB8:0::1", "2001:db8::1"),
        ] {
            assert_eq!(client_of("10.0.0.1", &[hop]), address, "{hop}");
        }
        for hop in [
            "",
            ",",
            "unknown",
            "_hidden",
            "\"198.51.100.7",
            "[2001:db8::1",
            "198.51.100.7:99999",
            "198.51.100",
            "for=198.51.100.7",
        ] {
            assert_eq!(client_of("10.0.0.1", &["6.6.6.6", hop]), "10.0.0.1", "{hop}");
        }
    }

    #[test]
    fn a_proxy_that_is_not_trusted_is_warned_about_once() {
        let address = ClientAddress::new(TrustedProxies::default());
        let forwarded = HeaderMap::from_iter([(X_FORWARDED_FOR, HeaderValue::from_static("6.6.6.6"))]);
        let peer = "192.0.2.1".parse().unwrap();
        let count = Warnings::default();
        tracing::subscriber::with_default(count.clone(), || {
            // Another test may have found at the same time that no subscriber listens.
            tracing::callsite::rebuild_interest_cache();
            assert_eq!(address.of(peer, &HeaderMap::new()), peer);
            assert_eq!(count.0.load(Ordering::SeqCst), 0);
            for _ in 0..3 {
                assert_eq!(address.of(peer, &forwarded), peer);
            }
        });
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
    }

    /// Counts log events.
    #[derive(Clone, Default)]
    struct Warnings(std::sync::Arc<std::sync::atomic::AtomicUsize>);

    impl tracing::Subscriber for Warnings {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            if *event.metadata().level() == tracing::Level::WARN {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }

    fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
        let anything = prop::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8.., Just(b'\t')], 0..40);
        let likely = "[0-9a-f:.,\"\\[\\] ]{0,40}".prop_map(String::into_bytes);
        prop_oneof![anything, likely]
    }

    proptest! {
        /// Whatever bytes a client sends, in the same line or in earlier lines, the address added by the proxy counts.
        #[test]
        fn what_a_client_prepends_changes_nothing(
            lines in prop::collection::vec(any_bytes(), 0..4),
            same_line in any_bytes(),
            hops in 0_usize..3,
        ) {
            let said = ["198.51.100.7", ", 10.9.9.9", ", fd00::9"][..=hops].concat();
            let mut sent: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
            sent.push(said.as_bytes());
            prop_assert_eq!(client_of_bytes("10.0.0.1", &sent), "198.51.100.7");
            let joined = [&same_line[..], b", ", said.as_bytes()].concat();
            let last = sent.len() - 1;
            sent[last] = &joined;
            prop_assert_eq!(client_of_bytes("10.0.0.1", &sent), "198.51.100.7");
        }
    }
}
