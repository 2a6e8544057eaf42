//! Canonical forms of network addresses: an IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`, RFC 4291, 2.5.5.2)
//! is that IPv4 address.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The length of the prefix `::ffff:0:0/96`, which holds the mapped IPv4 addresses.
const MAPPED_PREFIX: u8 = 96;

/// The canonical form of an address.
pub fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The canonical form of an address with its port.
pub fn canonical_socket(socket: SocketAddr) -> SocketAddr {
    SocketAddr::new(canonical(socket.ip()), socket.port())
}

/// The canonical form of a network: one within `::ffff:0:0/96` is an IPv4 network. `None` for a network that holds all
/// mapped addresses and others besides, because it would not mean the IPv4 addresses that it seems to name.
pub fn canonical_net(net: IpNet) -> Option<IpNet> {
    let IpNet::V6(v6) = net else {
        return Some(net);
    };
    let mapped = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), MAPPED_PREFIX);
    if mapped.contains(&v6) {
        let address = v6.network().to_ipv4_mapped()?;
        let net = Ipv4Net::new(address, v6.prefix_len() - MAPPED_PREFIX).ok()?;
        return Some(IpNet::V4(net));
    }
    (!v6.contains(&mapped) || v6.prefix_len() == 0).then_some(net)
}

/// A network of addresses, in canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Parses CIDR notation (RFC 4632, RFC 4291), such as `192.0.2.0/24`, or a single address; the bits after the
    /// prefix are cleared. `None` for other text.
    pub fn parse(text: &str) -> Option<Self> {
        let net = match text.parse::<IpNet>() {
            Ok(net) => canonical_net(net.trunc())?,
            Err(_) => IpNet::from(parse_address(text)?),
        };
        Some(Self(net))
    }

    /// Whether an address in canonical form belongs to it.
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The network of a client, for limits and for recognising a device: the /24 of an IPv4 address, the /64 of an IPv6
/// address, which is the least that one subscriber has.
pub fn client_network(address: IpAddr) -> IpNet {
    match canonical(address) {
        IpAddr::V4(v4) => Ipv4Net::new_assert(v4, 24).trunc().into(),
        IpAddr::V6(v6) => Ipv6Net::new_assert(v6, 64).trunc().into(),
    }
}

/// Parses an address with or without brackets (`[::1]`, `::1`, `127.0.0.1`) into its canonical form.
pub fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse().ok().map(canonical)
}

/// Whether a host name or address is this machine: loopback, `localhost` or a name below it (RFC 6761, 6.3).
pub fn is_this_machine(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || parse_address(host).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_networks_are_ipv4_networks() {
        let canonical = |text: &str| canonical_net(text.parse().unwrap()).map(|net| net.to_string());
        for (given, one_form) in [
            ("::ffff:127.0.0.0/104", Some("127.0.0.0/8")),
            ("::ffff:10.1.2.3/128", Some("10.1.2.3/32")),
            ("::ffff:0:0/96", Some("0.0.0.0/0")),
            ("::ffff:0:0/95", None),
            ("::/64", None),
            ("::/0", Some("::/0")),
            ("fd00::/8", Some("fd00::/8")),
            ("10.0.0.0/8", Some("10.0.0.0/8")),
        ] {
            assert_eq!(canonical(given).as_deref(), one_form, "{given}");
        }
    }

    #[test]
    fn networks_are_cidr_or_single_addresses() {
        let parsed = |text: &str| Network::parse(text).map(|network| network.to_string());
        for (given, expected) in [
            ("192.0.2.7/24", Some("192.0.2.0/24")),
            ("192.0.2.7", Some("192.0.2.7/32")),
            ("::ffff:192.0.2.7", Some("192.0.2.7/32")),
            ("2001:db8::1/32", Some("2001:db8::/32")),
            ("[2001:db8::1]", Some("2001:db8::1/128")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("192.0.2.0/33", None),
            ("example.com", None),
            ("", None),
        ] {
            assert_eq!(parsed(given).as_deref(), expected, "{given}");
        }
        let network = Network::parse("192.0.2.0/24").unwrap();
        assert!(network.contains("192.0.2.255".parse().unwrap()));
        assert!(!network.contains("192.0.3.0".parse().unwrap()));
    }

    #[test]
    fn a_clients_network_is_a_24_or_a_64() {
        for (address, network) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(client_network(address.parse().unwrap()).to_string(), network);
        }
    }

    #[test]
    fn this_machine_is_known_by_every_name() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "[::1]",
            "::ffff:127.0.0.1",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "db",
            "localhost.example",
            "10.0.0.1",
            "::ffff:10.0.0.1",
            "0.0.0.0",
            "",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
