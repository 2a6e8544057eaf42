//! How much of the public internet a list of networks covers.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The most public IPv4 addresses that one operator's proxies can plausibly have: as many as a /8.
const MAX_V4: u64 = 1 << 24;
/// The same for IPv6: as many /64 networks as a /16 has.
const MAX_V6: u64 = 1 << 48;

/// IPv4 networks that are not routed on the internet (RFC 6890 and its registry).
const NOT_PUBLIC_V4: [&str; 9] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
];
/// The IPv6 addresses routed on the internet (RFC 4291, 2.4; IANA allocates from it alone).
const PUBLIC_V6: &str = "2000::/3";

/// Whether the networks together hold so many public addresses that any client may have one of them.
pub(super) fn covers_most_of_the_internet(nets: &[IpNet]) -> bool {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for net in nets {
        match net {
            IpNet::V4(net) => v4.push(*net),
            IpNet::V6(net) => v6.push(*net),
        }
    }
    public_v4(&v4) > MAX_V4 || public_v6(&v6) > MAX_V6
}

/// Public addresses in the union.
fn public_v4(nets: &[Ipv4Net]) -> u64 {
    let size = |net: &Ipv4Net| 1_u64 << (32 - net.prefix_len());
    let private: Vec<Ipv4Net> = NOT_PUBLIC_V4.iter().filter_map(|net| net.parse().ok()).collect();
    let of_one = |net: &Ipv4Net| {
        let hidden: u64 = private
            .iter()
            .map(|private| match (private.contains(net), net.contains(private)) {
                (true, _) => size(net),
                (_, true) => size(private),
                _ => 0,
            })
            .sum();
        size(net) - hidden
    };
    Ipv4Net::aggregate(&nets.to_vec()).iter().map(of_one).sum()
}

/// Public /64 networks in the union.
fn public_v6(nets: &[Ipv6Net]) -> u64 {
    let Ok(public) = PUBLIC_V6.parse::<Ipv6Net>() else {
        return 0;
    };
    let size = |net: &Ipv6Net| 1_u64 << (64 - net.prefix_len().clamp(1, 64));
    let of_one = |net: &Ipv6Net| match (public.contains(net), net.contains(&public)) {
        (true, _) => size(net),
        (_, true) => size(&public),
        _ => 0,
    };
    Ipv6Net::aggregate(&nets.to_vec()).iter().map(of_one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(list: &str) -> bool {
        let nets: Vec<IpNet> = list.split(',').map(|net| net.parse().unwrap()).collect();
        covers_most_of_the_internet(&nets)
    }

    #[test]
    fn halves_of_the_internet_cover_most_of_it_and_proxies_do_not() {
        let quarters = "0.0.0.0/2,64.0.0.0/2,128.0.0.0/2";
        let slices: Vec<String> = (16..=18).map(|first| format!("{first}.0.0.0/8")).collect();
        for list in [
            "0.0.0.0/1,128.0.0.0/1",
            "0.0.0.0/1",
            quarters,
            &slices.join(","),
            "::/1,8000::/1",
            "2000::/4",
            "2000::/16,2400::/16",
        ] {
            assert!(covers(list), "{list}");
        }
        for list in [
            "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,100.64.0.0/10",
            "fc00::/7,fe80::/10",
            // A large content delivery network.
            "173.245.48.0/20,104.16.0.0/13,172.64.0.0/13,131.0.72.0/22,162.158.0.0/15,2400:cb00::/32,2606:4700::/32,2a06:98c0::/29",
            "16.0.0.0/8",
            // A network listed twice counts once.
            "16.0.0.0/8,16.0.0.0/8,16.1.0.0/16",
            "224.0.0.0/4",
        ] {
            assert!(!covers(list), "{list}");
        }
    }
}
