use super::*;

#[test]
fn the_site_is_the_host_of_the_public_address() {
    for (url, id, origin) in [
        ("https://shop.example", "shop.example", "https://shop.example/"),
        (
            "https://shop.example:8443/",
            "shop.example",
            "https://shop.example:8443/",
        ),
        ("http://127.0.0.1:3000", "localhost", "http://localhost:3000/"),
        ("http://[::1]:3000", "localhost", "http://localhost:3000/"),
        ("http://localhost:3000", "localhost", "http://localhost:3000/"),
    ] {
        let site = RelyingParty::of(url).unwrap();
        assert_eq!(site.0.get_allowed_origins()[0].as_str(), origin);
        let begun = site.begin_assertion(&[], Duration::from_mins(5)).unwrap();
        assert_eq!(begun.options["rpId"], id);
        assert_eq!(begun.options["userVerification"], "required");
        assert_eq!(begun.options["timeout"], 300_000);
    }
    for nameless in ["http://192.0.2.1", "https://[2001:db8::1]", "nonsense"] {
        assert!(RelyingParty::of(nameless).is_none(), "{nameless}");
    }
}

#[test]
fn challenges_are_recognised_by_their_digest_and_never_repeat() {
    let site = RelyingParty::of("https://shop.example").unwrap();
    let begin = || site.begin_assertion(&[], Duration::from_mins(5)).unwrap();
    let (one, other) = (begin(), begin());
    assert_ne!(one.digest, other.digest);
    let challenge = one.options["challenge"].as_str().unwrap();
    assert_eq!(challenge.len(), 43, "256 bits");
    let client_data = format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"x"}}"#);
    assert_eq!(digest(client_data.as_bytes()), Some(one.digest));
    for nonsense in ["", "{}", "[]", r#"{"challenge":1}"#, r#"{"challenge":"="}"#] {
        assert_eq!(digest(nonsense.as_bytes()), None, "{nonsense}");
    }
}

#[test]
fn invented_ids_of_an_address_are_the_same_for_every_request() {
    let ids = |key: u8, address: &str| fake_credential_ids(&[key; 32], address);
    let addresses: Vec<String> = (0..50).map(|number| format!("a{number}@example.com")).collect();
    let all = |key: u8| {
        addresses
            .iter()
            .map(|address| ids(key, address))
            .collect::<Vec<_>>()
    };
    assert_eq!(all(1), all(1));
    assert_ne!(all(1), all(2));
    let filled = all(1).iter().filter(|ids| !ids.is_empty()).count();
    assert!(filled > 25, "{filled}");
}
