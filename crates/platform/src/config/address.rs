//! URLs, origins and networks.

use super::parse::Parsed;
use super::smtp::SmtpAddress;
use crate::database::{postgres_config, sqlite_path};
use crate::network::{canonical, canonical_net, canonical_socket};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use url::Url;

/// The trusted proxies: networks whose `X-Forwarded-For` header the server accepts as the client's address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Whether `peer` is a trusted proxy. An IPv4 address mapped into IPv6 counts as the IPv4 one.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = canonical(peer);
        self.0.iter().any(|net| net.contains(&peer))
    }

    /// Whether no proxy is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn nets(&self) -> &[IpNet] {
        &self.0
    }
}

impl From<Vec<IpNet>> for TrustedProxies {
    fn from(nets: Vec<IpNet>) -> Self {
        Self(nets.into_iter().filter_map(canonical_net).collect())
    }
}

/// A network in CIDR notation, or a single address.
pub(super) fn network(text: &str) -> Parsed<IpNet> {
    let net = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match net.map(canonical_net) {
        // Every client could then claim any address, and limits and logs would follow that claim.
        Ok(Some(net)) if net.prefix_len() == 0 => Err(format!("{text:?} would believe every client")),
        Ok(Some(net)) => Ok(net.trunc()),
        Ok(None) => Err(format!(
            "{text:?} holds more than the IPv4 addresses that are mapped into IPv6: write IPv4 networks as such"
        )),
        Err(_) => Err(format!(
            "{text:?} is neither a network such as 10.0.0.0/8 nor an address"
        )),
    }
}

/// An origin: `http://` or `https://`, host and optional port, in the form browsers send (RFC 6454, 6.2).
pub(super) fn origin(text: &str) -> Parsed<String> {
    if text.contains('*') {
        return Err("a wildcard would let any site act for a signed-in visitor".to_owned());
    }
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    match url {
        Some(url) if is_bare(&url) && !text.ends_with(['?', '#']) => Ok(url.origin().ascii_serialization()),
        _ => Err(format!("{text:?} is not scheme://host[:port]")),
    }
}

fn is_bare(url: &Url) -> bool {
    url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

/// An `http://` or `https://` URL to POST to. It must not hold a password, because the settings print it.
pub(super) fn endpoint(text: &str) -> Parsed<String> {
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            Err("is neither http:// nor https://".to_owned())
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err("has a user or a password in it".to_owned())
        }
        Ok(url) if url.fragment().is_some() => Err("has a fragment (#), which is never sent".to_owned()),
        Ok(url) => Ok(url.into()),
        Err(_) => Err("is no URL".to_owned()),
    }
}

/// An address or a host name to listen on; the resolver resolves names when listening starts.
pub(super) fn host(text: &str) -> Parsed<String> {
    let name = text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    // Without this check, only the resolver would reject digits and dots that are no address.
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if let Ok(address) = text.parse::<IpAddr>() {
        Ok(canonical(address).to_string())
    } else if name && !numeric {
        Ok(text.to_owned())
    } else {
        Err("is neither an IP address nor a host name".to_owned())
    }
}

/// Address and port.
pub(super) fn socket(text: &str) -> Parsed<SocketAddr> {
    let socket = text.parse().map(canonical_socket);
    socket.map_err(|_| "is not ADDRESS:PORT".to_owned())
}

/// `sqlite://PATH` or a PostgreSQL connection URL.
pub(super) fn database(text: &str) -> Parsed<String> {
    let good = match text.strip_prefix("sqlite://") {
        Some(_) => sqlite_path(text).map(|_| true)?,
        // The parser's own message may quote the password, so the error does not include it.
        None => postgres_config(text).is_some_and(|config| !config.get_hosts().is_empty()),
    };
    if good {
        Ok(text.to_owned())
    } else {
        Err("is neither sqlite://PATH nor postgres://USER:PASSWORD@HOST/NAME".to_owned())
    }
}

/// `smtp://` or `smtps://`, as the mailer reads it.
pub(super) fn smtp(text: &str) -> Parsed<String> {
    let good = SmtpAddress::parse(text).map(|_| text.to_owned());
    good.map_err(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::parse::list;
    use super::*;

    #[test]
    fn origins_are_normalised_and_wildcards_refused() {
        assert_eq!(
            origin("https://App.Example:443").as_deref(),
            Ok("https://app.example")
        );
        assert_eq!(
            origin("http://localhost:5173/").as_deref(),
            Ok("http://localhost:5173")
        );
        for text in [
            "*",
            "https://*.example",
            "app.example",
            "ftp://a",
            "https://a/path",
            "https://u:p@a",
            "https://a?x",
            "https://a?",
            "null",
            "",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn proxies_are_networks_or_addresses_and_never_all_addresses() {
        let proxies = TrustedProxies::from(list("10.0.0.0/8, 192.0.2.7, fd00::/8", network).unwrap());
        for (peer, trusted) in [
            ("10.9.8.7", true),
            ("::ffff:10.9.8.7", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("fd00::1", true),
            ("::1", false),
        ] {
            assert_eq!(proxies.trusts(peer.parse().unwrap()), trusted, "{peer}");
        }
        assert!(
            ["0.0.0.0/0", "::/0", "10.0.0.0/33", "localhost"]
                .into_iter()
                .all(|text| network(text).is_err())
        );
    }

    #[test]
    fn mapped_addresses_are_ipv4_addresses() {
        for list_of in ["::ffff:127.0.0.0/104", "::ffff:127.0.0.1", "127.0.0.0/8"] {
            let proxies = TrustedProxies::from(list(list_of, network).unwrap());
            for peer in ["127.0.0.1", "::ffff:127.0.0.1"] {
                assert!(proxies.trusts(peer.parse().unwrap()), "{list_of} {peer}");
            }
            assert!(!proxies.trusts("::1".parse().unwrap()));
        }
        for text in ["::ffff:0:0/96", "::ffff:0.0.0.0/96", "::/64"] {
            assert!(network(text).is_err(), "{text}");
        }
        assert_eq!(host("::ffff:127.0.0.1").as_deref(), Ok("127.0.0.1"));
        assert_eq!(
            socket("[::ffff:127.0.0.1]:9100"),
            Ok("127.0.0.1:9100".parse().unwrap())
        );
    }

    #[test]
    fn hosts_and_databases() {
        assert!(
            ["127.0.0.1", "::", "localhost", "db-1.internal"]
                .into_iter()
                .all(|text| host(text).is_ok())
        );
        assert!(
            ["", "999.1.1.1", "a b", "http://a", "a..b"]
                .into_iter()
                .all(|text| host(text).is_err())
        );
        assert!(
            [
                "sqlite://data/a.db",
                "sqlite:///var/a.db",
                "postgres://u:p@h/d",
                "postgresql://h/d?sslmode=disable",
                "postgres://h/d?sslmode=verify-full&sslrootcert=/etc/ca.pem"
            ]
            .into_iter()
            .all(|text| database(text).is_ok())
        );
        assert!(
            [
                "",
                "sqlite://",
                "sqlite://a.db?mode=ro",
                "sqlite://:memory:",
                "mysql://h/d",
                "postgres://h:port/d",
                "postgres:///d"
            ]
            .into_iter()
            .all(|text| database(text).is_err())
        );
        assert!(
            [
                "smtps://u:p@mail.example:465",
                "smtp://localhost:1025",
                "smtp://u:p@mail.example?tls=required&sslrootcert=/etc/ca.pem",
            ]
            .into_iter()
            .all(|text| smtp(text).is_ok())
        );
        assert!(
            [
                "",
                "smtp://",
                "http://mail",
                "mail:25",
                "smtp://u@h",
                "smtp://h?tls=x",
                "smtp://h?sslrootcert=",
                "smtp://h?sslrootcert=/a&sslrootcert=/b"
            ]
            .into_iter()
            .all(|text| smtp(text).is_err())
        );
    }
}
