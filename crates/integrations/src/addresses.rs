//! Which addresses the server connects to on behalf of others, such as the documents of an identity provider, or the URL
//! of a webhook: public ones, so that they cannot make it send requests into the network that it stands in (server-side
//! request forgery, CWE-918).

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// The addresses that are allowed.
#[derive(Debug, Clone)]
pub(crate) struct AllowedAddresses(Arc<Allowed>);

#[derive(Debug)]
struct Allowed {
    public: bool,
    loopback: bool,
    setting: &'static str,
    networks: Vec<IpNet>,
}

/// No address of a host is allowed.
#[derive(Debug, thiserror::Error)]
#[error("{host} has no address that may be reached ({setting})")]
pub(crate) struct NotAllowed {
    host: String,
    /// The setting that names networks which are allowed all the same.
    setting: &'static str,
}

impl AllowedAddresses {
    /// Public addresses, those of the networks that the setting names, and perhaps this machine.
    pub(crate) fn new(loopback: bool, setting: &'static str, networks: Vec<IpNet>) -> Self {
        Self(Arc::new(Allowed {
            public: true,
            loopback,
            setting,
            networks,
        }))
    }

    /// Those of the networks that the setting names, and no others.
    pub(crate) fn only(setting: &'static str, networks: Vec<IpNet>) -> Self {
        Self(Arc::new(Allowed {
            public: false,
            loopback: false,
            setting,
            networks,
        }))
    }

    /// Whether no address at all is allowed.
    pub(crate) fn is_empty(&self) -> bool {
        !self.0.public && !self.0.loopback && self.0.networks.is_empty()
    }

    /// The error for a host of which no address is allowed.
    pub(crate) fn refusal(&self, host: &str) -> NotAllowed {
        NotAllowed {
            host: host.to_owned(),
            setting: self.0.setting,
        }
    }

    pub(crate) fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_own = address.is_loopback() && self.0.loopback;
        is_own
            || (self.0.public && is_public(address))
            || self.0.networks.iter().any(|net| net.contains(&address))
    }
}

impl Resolve for AllowedAddresses {
    /// The allowed addresses of a name. The connection is made to one of them, so that a name which resolves to another
    /// address the next time gains nothing (DNS rebinding).
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good: Vec<SocketAddr> = found.filter(|socket| allowed.has(socket.ip())).collect();
            if good.is_empty() {
                return Err(allowed.refusal(name.as_str()).into());
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is routed on the internet (the registries of special purposes of RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !special
}

/// Global unicast (2000::/3) without the parts that hold other addresses: 6to4 and Teredo, and documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_global = a & 0xe000 == 0x2000;
    let is_special = a == 0x2002 || (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || (a == 0x3fff && b < 0x1000);
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_reached() {
        let allowed = AllowedAddresses::new(false, "OIDC_NETWORKS", vec!["10.1.2.0/24".parse().unwrap()]);
        for address in [
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.2.1",
            "224.0.0.1",
            "255.255.255.255",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "fe80::1",
            "fd00::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "2001:db8::1",
        ] {
            assert!(!allowed.has(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "142.250.1.1",
            "2606:4700::1111",
            "10.1.2.3",
            "::ffff:1.1.1.1",
        ] {
            assert!(allowed.has(address.parse().unwrap()), "{address}");
        }
        assert!(AllowedAddresses::new(true, "OIDC_NETWORKS", Vec::new()).has("127.0.0.1".parse().unwrap()));
        let only = AllowedAddresses::only("WEBHOOK_NETWORKS", vec!["10.1.2.0/24".parse().unwrap()]);
        for (address, is_allowed) in [("10.1.2.3", true), ("1.1.1.1", false), ("127.0.0.1", false)] {
            assert_eq!(only.has(address.parse().unwrap()), is_allowed, "{address}");
        }
    }
}
