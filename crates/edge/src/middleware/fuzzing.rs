//! Entry points of the fuzz targets (`fuzz/`); compiled for them alone.

use super::client_ip::ClientAddress;
use super::csrf::Csrf;
use super::{host, request_id};
use http::{HeaderMap, Method, Uri, Version};
use mainstay_domain::random::Counting;
use mainstay_domain::time::Timestamp;
use mainstay_platform::config::{Settings, TrustedProxies};
use mainstay_platform::network::canonical;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// Finds the client's address, the host, the origin and the request id.
pub fn addresses(headers: &HeaderMap) {
    let (proxy, client) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(192, 0, 2, 1));
    let addresses = ClientAddress::new(trusted_proxies());
    assert_eq!(addresses.of(IpAddr::V4(client), headers), IpAddr::V4(client));
    let found = addresses.of(IpAddr::V4(proxy), headers);
    assert_eq!(found, canonical(found));
    for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
        let uri = Uri::from_static("/api/products");
        let named = host::of(version, headers, &uri).unwrap_or_default();
        let _ = Csrf::new("https://shop.example").is_foreign(&Method::POST, headers, &named, false);
    }
    let ids = request_id::RequestIds::new(&Counting::default());
    let id = ids.name(headers, Timestamp::from_seconds(1));
    assert!((1..=128).contains(&id.len()) && id.is_ascii());
}

fn trusted_proxies() -> TrustedProxies {
    let env = BTreeMap::from([("TRUSTED_PROXIES".to_owned(), "10.0.0.0/8".to_owned())]);
    let loaded = Settings::read(&[], &env, None).expect("the setting is valid");
    loaded.settings.http.trusted_proxies.clone()
}
