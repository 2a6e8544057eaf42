use super::*;
use proptest::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}

fn flags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    env(pairs).into_iter().collect()
}

fn read(flag: &[(&str, &str)], vars: &[(&str, &str)], file: &str) -> Result<Loaded, ConfigErrors> {
    Settings::read(&flags(flag), &env(vars), Some((Path::new("mainstay.toml"), file)))
}

fn errors(flag: &[(&str, &str)], vars: &[(&str, &str)], file: &str) -> String {
    read(flag, vars, file).unwrap_err().to_string()
}

const KEY: &str = "t6Qd0mRzVYx3nPpK5cW1uJ8sBfHgLaEy2oDiTqXv9wM=";

#[test]
fn the_defaults_are_those_of_the_contract() {
    let Loaded { settings, origins } = read(&[], &[], "").unwrap();
    assert_eq!(
        (settings.env, settings.http.host.as_str(), settings.http.port),
        (AppEnv::Development, "127.0.0.1", 3000)
    );
    assert_eq!(settings.database.url.expose(), "sqlite://data/mainstay.db");
    assert_eq!(
        settings.roles,
        Roles {
            api: true,
            worker: true,
            realtime: true
        }
    );
    assert_eq!(settings.tokens.access_ttl, Duration::from_secs(900));
    assert_eq!(settings.tokens.refresh_ttl, Duration::from_secs(7 * 86_400));
    assert_eq!(settings.http.body_limit, 10 * 1024 * 1024);
    assert!(
        settings.http.docs
            && settings.limits
            && settings.master_key.is_none()
            && settings.mail.smtp_url.is_none()
    );
    assert!(origins.iter().all(|setting| setting.origin == Origin::Default));
}

#[test]
fn flags_beat_the_environment_beats_the_file_beats_the_defaults() {
    let file = "[http]\nport = 1\nhost = '::1'\n[log]\nlevel = 'warn'\n[database]\npool = 3";
    let vars = [("PORT", "2"), ("HOST", "0.0.0.0"), ("LOG_LEVEL", "")];
    let Loaded { settings, origins } = read(&[("http.port", "4")], &vars, file).unwrap();
    let origin = |key| {
        origins
            .iter()
            .find(|setting| setting.key == key)
            .unwrap()
            .origin
            .to_string()
    };
    assert_eq!((settings.http.port, origin("http.port")), (4, "flag".to_owned()));
    assert_eq!(
        (settings.http.host.as_str(), origin("http.host")),
        ("0.0.0.0", "environment".to_owned())
    );
    assert_eq!(
        (settings.log.level, origin("log.level")),
        (LogLevel::Warn, "mainstay.toml:5".to_owned()),
        "an empty variable is not set"
    );
    assert_eq!(
        (settings.database.pool, origin("database.pool")),
        (3, "mainstay.toml:7".to_owned())
    );
    assert_eq!(origin("mail.from"), "default");
    assert_eq!(
        read(&[("PORT", "5")], &vars, file).unwrap().settings.http.port,
        5,
        "a flag may use the variable's name"
    );
}

#[test]
fn every_error_is_reported_at_once_without_secrets() {
    let file =
        "[http]\nprot = 1\n[tokens]\nsecret = 'hunter2'\nrefresh_ttl = '5m'\n[http.sub]\nkey = 'hunter2'";
    let vars = [
        ("PORT", "80a"),
        ("DATABASE_URL", "mysql://root:hunter2@db/shop"),
        ("SMTP_URL", "https://me:hunter2@mail"),
        ("MASTER_KEY", "hunter2"),
        ("ALLOWED_ORIGINS", "https://app.example,*"),
        ("TRUSTED_PROXIES", "0.0.0.0/0"),
        ("ROLES", "api,cook"),
    ];
    let text = errors(
        &[
            ("log.levle", "hunter2"),
            ("JWT_SECRET", "hunter2hunter2hunter2hunter2hunter2"),
        ],
        &vars,
        file,
    );
    assert!(!text.contains("hunter2"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn what_would_fail_alone_at_the_start_is_reported_with_all_the_others() {
    let report = errors(
        &[],
        &[
            ("SMTP_URL", "smtp://:hunter2@mail.example"),
            ("MAIL_FROM", "a@b..c"),
            ("DATABASE_URL", "sqlite://:memory:"),
            ("VERIFY_EMAIL", "sometimes"),
            ("PORT", "many"),
        ],
        "",
    );
    for name in ["SMTP_URL", "MAIL_FROM", "DATABASE_URL", "VERIFY_EMAIL", "PORT"] {
        assert!(report.contains(name), "{name} is not in {report}");
    }
    assert!(!report.contains("hunter2"), "{report}");
}

#[test]
fn production_refuses_what_is_unsafe_by_name() {
    let unsafe_vars = [
        ("APP_ENV", "production"),
        ("RATE_LIMITS", "off"),
        ("LOG_LEVEL", "debug"),
        ("PUBLIC_URL", "http://shop.example"),
    ];
    insta::assert_snapshot!(errors(&[], &unsafe_vars, ""));
    let text = errors(&[], &[("APP_ENV", "production"), ("MASTER_KEY", "short")], "");
    assert_eq!(
        text.matches("MASTER_KEY").count(),
        1,
        "reported once, as malformed: {text}"
    );

    let safe = [
        ("APP_ENV", "production"),
        ("MASTER_KEY", KEY),
        ("PUBLIC_URL", "https://shop.example"),
        ("SMTP_URL", "smtps://u:p@mail.example"),
        ("PAYMENT_GATEWAY", "none"),
        ("TRUSTED_PROXIES", "10.0.0.0/8"),
    ];
    let settings = read(&[], &safe, "").unwrap().settings;
    assert!(!settings.http.docs, "documents are off unless asked for");
    assert!(
        read(&[], &[&safe[..], &[("DOCS", "on")]].concat(), "")
            .unwrap()
            .settings
            .http
            .docs
    );
    assert_eq!(
        read(&[], &[], "").unwrap().settings.unsafe_in_production().len(),
        4,
        "and in development they are only listed"
    );
}

/// The settings that production refuses when these are set besides safe ones.
fn refused(vars: &[(&str, &str)]) -> Vec<String> {
    let safe = [
        ("MASTER_KEY", KEY),
        ("PUBLIC_URL", "https://shop.example"),
        ("SMTP_URL", "smtps://u:p@mail.example"),
        ("PAYMENT_GATEWAY", "none"),
        ("TRUSTED_PROXIES", "10.0.0.0/8"),
    ];
    let vars = [&safe[..], vars].concat();
    let settings = read(&[], &vars, "").unwrap().settings;
    let names = settings.unsafe_in_production().into_iter();
    let names: Vec<String> = names.map(|error| error.env.unwrap().into_owned()).collect();
    let started = read(&[], &[&vars[..], &[("APP_ENV", "production")]].concat(), "");
    assert_eq!(started.is_err(), !names.is_empty(), "{vars:?}");
    names
}

#[test]
fn a_setting_is_judged_by_what_it_does_and_not_by_being_there() {
    let zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let letter = "x".repeat(32);
    for (name, values) in [
        (
            "MASTER_KEY",
            &[zeros, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="][..],
        ),
        ("JWT_SECRET", &[&*letter, "changemechangemechangemechangeme"]),
        (
            "TRUSTED_PROXIES",
            &[
                "",
                "0.0.0.0/1,128.0.0.0/1",
                "2000::/4",
                "::ffff:0.0.0.0/97,::ffff:128.0.0.0/97",
            ],
        ),
        (
            "DATABASE_URL",
            &[
                "postgres://u:p@db.example/shop",
                "postgres://u:p@db.example/shop?sslmode=disable",
                "postgres://u:p@10.0.0.7/shop?sslmode=prefer",
                "postgres://u:p@localhost,db.example/shop",
                "postgres://u:p@localhost/shop?hostaddr=192.0.2.7",
            ],
        ),
        (
            "ALLOWED_ORIGINS",
            &["http://app.example", "https://app.example,http://10.0.0.7"],
        ),
        (
            "PUBLIC_URL",
            &[
                "http://shop.example",
                "https://localhost",
                "https://127.0.0.1",
                "https://[::1]",
                "https://[::ffff:7f00:1]",
            ],
        ),
    ] {
        for value in values {
            assert_eq!(refused(&[(name, value)]), [name], "{name}={value}");
        }
    }
}

#[test]
fn what_is_safe_is_not_refused() {
    let secret = "b41c8f7e02d965a3e8f0174c2d9ba6538f21";
    for pair in [
        ("JWT_SECRET", secret),
        ("TRUSTED_PROXIES", "127.0.0.1,::ffff:10.0.0.0/104,173.245.48.0/20"),
        ("ROLES", "worker"),
        ("DATABASE_URL", "postgres://u:p@db.example/shop?sslmode=require"),
        (
            "DATABASE_URL",
            "postgres://u:p@db.example/shop?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        ),
        ("DATABASE_URL", "postgres://u:p@localhost/shop"),
        ("DATABASE_URL", "postgres://u:p@[::1]/shop?sslmode=disable"),
        ("DATABASE_URL", "postgres://u:p@%2Fvar%2Frun%2Fpostgresql/shop"),
        ("ALLOWED_ORIGINS", "https://app.example,http://localhost:5173"),
    ] {
        assert_eq!(refused(&[pair]), Vec::<String>::new(), "{pair:?}");
    }
    let worker = [("ROLES", "worker"), ("TRUSTED_PROXIES", "")];
    assert_eq!(
        refused(&worker),
        Vec::<String>::new(),
        "nothing is limited by address there"
    );
}

#[test]
fn what_is_usually_a_slip_is_only_pointed_out() {
    let cautions = |vars: &[(&str, &str)]| -> Vec<String> {
        let settings = read(&[], vars, "").unwrap().settings;
        settings
            .cautions()
            .into_iter()
            .filter_map(|error| error.env.map(Cow::into_owned))
            .collect()
    };
    assert_eq!(cautions(&[]), Vec::<String>::new());
    for (name, value) in [
        ("ACCESS_TTL", "2h"),
        ("REFRESH_TTL", "100d"),
        ("RESERVATION_TTL", "2d"),
        ("METRICS_ADDR", "0.0.0.0:9100"),
        ("METRICS_ADDR", "203.0.113.7:9100"),
        ("PUBLIC_URL", "https://203.0.113.7"),
        ("DATABASE_URL", "postgres://u:ChangeMe@localhost/shop"),
    ] {
        assert_eq!(cautions(&[(name, value)]), [name], "{name}={value}");
    }
    let relay = [("SMTP_URL", "smtp://relay.example"), ("MAIL_FROM", "a@shop.test")];
    assert_eq!(cautions(&relay), ["SMTP_URL"]);
    let sender = [
        ("SMTP_URL", "smtp://relay.example?tls=required"),
        ("MAIL_FROM", "Shop <a@localhost>"),
    ];
    assert_eq!(cautions(&sender), ["MAIL_FROM"]);
    for good in [
        ("METRICS_ADDR", "[::ffff:10.0.0.1]:9100"),
        ("METRICS_ADDR", "127.0.0.1:9100"),
    ] {
        assert_eq!(cautions(&[good]), Vec::<&str>::new(), "{good:?}");
    }
}

#[test]
fn any_folder_holds_the_database() {
    for folder in [
        "/x/quest?ion",
        "/x/ha#sh",
        "/x/50%25",
        "/x/a b",
        "/x/a:memory:b",
        "file:x",
        "/x/a@b:c",
    ] {
        let settings = read(&[], &[("DATA_DIR", folder)], "").unwrap().settings;
        let file = crate::database::sqlite_path(settings.database.url.expose());
        assert_eq!(file, Ok(Path::new(folder).join("mainstay.db")), "{folder}");
    }
    let report = errors(&[], &[("DATA_DIR", "/x/\u{fffd}")], "");
    assert!(
        report.contains("DATA_DIR") && report.contains("is not UTF-8"),
        "{report}"
    );
}

#[test]
fn nothing_printed_shows_a_secret() {
    let secret = "hunter2-hunter2-hunter2-hunter2-hunter2";
    let vars = [
        ("JWT_SECRET", secret),
        ("MASTER_KEY", KEY),
        ("DATABASE_URL", "postgres://me:hunter2@db/shop"),
        ("SMTP_URL", "smtp://me:hunter2@mail"),
    ];
    let loaded = read(&[], &vars, "").unwrap();
    let printed = format!(
        "{loaded:?}{}{}",
        as_table(&loaded.origins),
        as_json(&loaded.origins)
    );
    assert!(
        !printed.contains("hunter2") && !printed.contains(KEY),
        "{printed}"
    );
    assert!(printed.contains("postgres://me:***@db/shop"));
    insta::assert_snapshot!(as_table(&loaded.origins));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test writes the file that it reads")]
fn a_file_that_was_named_must_be_there() {
    let missing = Sources {
        file: Some("/nonexistent/mainstay.toml".into()),
        flags: flags(&[("PORT", "x")]),
        ..Sources::default()
    };
    let text = Settings::load(&missing, &Sections::default())
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("cannot be read") && text.contains("http.port"),
        "{text}"
    );
    assert!(
        Settings::load(&Sources::default(), &Sections::default()).is_ok(),
        "the usual one need not"
    );

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("other.toml");
    std::fs::write(&path, "app.data_dir = '/srv'").unwrap();
    let sources = Sources {
        file: Some(path),
        ..Sources::default()
    };
    let loaded = Settings::load(&sources, &Sections::default()).unwrap();
    assert_eq!(
        loaded.settings.database.url.expose(),
        "sqlite:///srv/mainstay.db",
        "the database follows the data"
    );
}

/// `(key, variable, meaning)` as the comments of the defaults state them.
fn documented() -> Vec<(String, String, String)> {
    let (mut table, mut comments, mut found) = ("", Vec::new(), Vec::new());
    for line in sources::DEFAULTS
        .lines()
        .skip_while(|line| !line.starts_with('['))
    {
        if let Some(comment) = line.strip_prefix("# ") {
            comments.push(comment);
        } else if let Some((name, _)) = line.split_once(" = ") {
            let (env, meaning) = comments
                .first()
                .and_then(|first| first.split_once(": "))
                .expect(line);
            found.push((format!("{table}.{name}"), env.to_owned(), meaning.to_owned()));
            comments.clear();
        } else if let Some(name) = line.strip_prefix('[') {
            table = name.trim_end_matches(']');
            comments.clear();
        }
    }
    found
}

#[test]
fn the_defaults_document_every_setting_and_nothing_else() {
    let origins = read(&[], &[], sources::DEFAULTS).unwrap().origins;
    let mut declared: Vec<_> = origins
        .into_iter()
        .map(|s| (s.key.into_owned(), s.env.into_owned(), s.meaning.to_owned()))
        .collect();
    let mut documented = documented();
    declared.sort();
    documented.sort();
    assert_eq!(declared, documented);
}

#[test]
fn variables_have_the_names_of_the_contract() {
    let contract = "APP_ENV HOST PORT DATABASE_URL ROLES DATA_DIR JWT_SECRET JWT_ALGORITHM KEY_ROTATION MASTER_KEY MASTER_KEY_PREVIOUS JWT_AUDIENCE JWT_ISSUER ACCESS_TTL REFRESH_TTL SESSION_MAX REFRESH_RETRY \
        SMTP_URL MAIL_FROM ALLOWED_ORIGINS PUBLIC_URL RATE_LIMITS PASSWORD_MIN VERIFY_EMAIL TRUSTED_PROXIES LOG_LEVEL LOG_FORMAT LOG_DIR METRICS_ADDR WEBHOOK_NETWORKS \
        GOOGLE_CLIENT_ID GOOGLE_CLIENT_SECRET GITHUB_CLIENT_ID GITHUB_CLIENT_SECRET";
    let ours = "DATABASE_POOL DOCS REQUEST_TIMEOUT SHUTDOWN_TIMEOUT BODY_LIMIT BODY_BUDGET RESPONSE_BUDGET MAX_CONNECTIONS MAX_CONNECTIONS_PER_ADDRESS RESERVATION_TTL PAYMENT_GATEWAY INVITATION_TTL DELETION_GRACE \
        AUDIT_WITNESS_URL AUDIT_WITNESS_EVERY AUDIT_WITNESS_SECRET \
        GOOGLE_ISSUER GOOGLE_AUTHORIZATION_URL GOOGLE_TOKEN_URL GOOGLE_JWKS_URL GOOGLE_HOSTED_DOMAIN GOOGLE_OFFLINE_ACCESS \
        GITHUB_AUTHORIZATION_URL GITHUB_TOKEN_URL GITHUB_API_URL OIDC_NETWORKS";
    let mut expected: Vec<&str> = contract
        .split_whitespace()
        .chain(ours.split_whitespace())
        .collect();
    let origins = read(&[], &[], "").unwrap().origins;
    let mut declared: Vec<&str> = origins.iter().map(|setting| &*setting.env).collect();
    expected.sort_unstable();
    declared.sort_unstable();
    assert_eq!(declared, expected);
}

fn any_name() -> impl Strategy<Value = String> {
    let known = read(&[], &[], "").unwrap().origins;
    let names: Vec<String> = known
        .iter()
        .flat_map(|s| [s.key.to_string(), s.env.to_string()])
        .collect();
    prop_oneof![4 => prop::sample::select(names), 1 => ".{0,12}"]
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[0-9]{0,25}(ms|s|m|h|d|KiB|)",
        "(postgres|sqlite|smtp|https?)://[a-z:@/?=&%0-9.,*]{0,30}",
        "[A-Za-z0-9+/]{40,44}=?"
    ]
}

proptest! {
    #[test]
    fn no_input_panics(
        flags in prop::collection::vec((any_name(), any_value()), 0..4),
        env in prop::collection::btree_map(any_name(), any_value(), 0..6),
        file in prop_oneof![".{0,80}", "(\\[[a-z.]{0,8}\\]\n|[a-z.]{1,12} = (\"[a-z]{0,9}\"|[0-9e.-]{1,9}|\\[[0-9,\"]{0,6}\\]|\\{[a-z=1]{0,5}\\})\n){0,6}"],
    ) {
        match Settings::read(&flags, &env, Some((Path::new("f.toml"), &file))) {
            Ok(loaded) => prop_assert!(!as_table(&loaded.origins).is_empty()),
            Err(errors) => prop_assert!(!errors.0.is_empty() && !errors.to_string().is_empty()),
        }
    }

    /// The file accepts any setting that the environment accepts, with the same meaning.
    #[test]
    fn file_and_environment_agree(port in 0u16.., minutes in 16u32..9_000, switch: bool) {
        let ttl = format!("{minutes}m");
        let word = if switch { "on" } else { "off" };
        let file = format!("http.port = {port}\ntokens.refresh_ttl = '{ttl}'\nsecurity.rate_limits = {switch}");
        let from_file = read(&[], &[], &file).unwrap().settings;
        let from_env = read(&[], &[("PORT", &port.to_string()), ("REFRESH_TTL", &ttl), ("RATE_LIMITS", word)], "").unwrap().settings;
        prop_assert_eq!(format!("{from_file:?}"), format!("{from_env:?}"));
    }
}
