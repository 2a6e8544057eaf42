use super::super::Settings;
use super::*;
use std::collections::BTreeMap;
use std::path::Path;

fn read(env: &[(&str, &str)], file: &str) -> Result<IdentityProviders, String> {
    let env: BTreeMap<_, _> = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Settings::read(&[], &env, Some((Path::new("mainstay.toml"), file)))
        .map(|loaded| loaded.settings.identity_providers)
        .map_err(|errors| errors.to_string())
}

fn with(more: (&'static str, &'static str)) -> Vec<(&'static str, &'static str)> {
    let okta = [
        ("OIDC_OKTA_ISSUER", "https://okta.example/"),
        ("OIDC_OKTA_CLIENT_ID", "id"),
        ("OIDC_OKTA_CLIENT_SECRET", "hunter2"),
    ];
    let mut all: Vec<_> = okta.into_iter().filter(|(name, _)| *name != more.0).collect();
    all.push(more);
    all
}

#[test]
fn a_provider_exists_when_its_settings_do() {
    assert!(read(&[], "").unwrap().list.is_empty());
    let file = "[oidc.my-idp]\nissuer = 'http://127.0.0.1:9000'\nclient_id = 'a'\nclient_secret = 'b'\nlabel = 'Staff'\n";
    let mut env = with(("OIDC_OKTA_OFFLINE_ACCESS", "on"));
    env.extend([("GITHUB_CLIENT_ID", "gh"), ("GITHUB_CLIENT_SECRET", "hunter2")]);
    let providers = read(&env, file).unwrap();
    let found: Vec<_> = providers
        .list
        .iter()
        .map(|one| (&*one.name, &*one.label, &*one.issuer, one.offline_access))
        .collect();
    assert_eq!(
        found,
        [
            ("github", "GitHub", "https://github.com", false),
            ("my-idp", "Staff", "http://127.0.0.1:9000", false),
            ("okta", "okta", "https://okta.example/", true),
        ]
    );
    assert!(!format!("{providers:?}").contains("hunter2"));
}

#[test]
fn half_a_provider_is_refused() {
    for (given, named) in [
        (with(("OIDC_OKTA_CLIENT_SECRET", "")), "client_secret is missing"),
        (with(("OIDC_OKTA_ISSUER", "")), "issuer is missing"),
        (vec![("GOOGLE_CLIENT_ID", "x")], "GOOGLE_CLIENT_SECRET is missing"),
        (vec![("GITHUB_CLIENT_SECRET", "x")], "GITHUB_CLIENT_ID is missing"),
    ] {
        let error = read(&given, "").unwrap_err();
        assert!(error.contains(named) && !error.contains("hunter2"), "{error}");
    }
    let error = read(&[], "[oidc.okta]\nissuer = 'https://a.example'\nclient = 'x'\n").unwrap_err();
    assert!(
        error.contains("oidc.okta.client\n") || error.contains("oidc.okta.client,"),
        "{error}"
    );
}

#[test]
fn issuers_are_https_or_on_this_machine() {
    for issuer in [
        "http://idp.example",
        "ftp://idp.example",
        "https://u:p@idp.example",
        "https://idp.example?x",
        "https://idp.example#x",
        "idp.example",
        "javascript:alert(1)",
    ] {
        let error = read(&with(("OIDC_OKTA_ISSUER", issuer)), "").unwrap_err();
        assert!(error.contains("OIDC_OKTA_ISSUER"), "{issuer}: {error}");
    }
    assert!(read(&with(("OIDC_OKTA_ISSUER", "http://localhost:9000")), "").is_ok());
}

#[test]
fn production_refuses_http_also_on_this_machine() {
    let mut env = with(("OIDC_OKTA_TOKEN_URL", "http://127.0.0.1/token"));
    env.push(("APP_ENV", "production"));
    let error = read(&env, "").unwrap_err();
    assert!(error.contains("oidc.okta"), "{error}");
}

#[test]
fn a_name_is_one_that_paths_can_have_and_not_a_built_in_one() {
    for table in ["Okta", "google", "a_b", "a234567890123456789012345678901234"] {
        let file =
            format!("[oidc.{table}]\nissuer = 'https://a.example'\nclient_id = 'a'\nclient_secret = 'b'\n");
        assert!(read(&[], &file).unwrap_err().contains(table), "{table}");
    }
}
