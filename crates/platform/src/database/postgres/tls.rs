//! TLS to the server, as `sslmode` and `sslrootcert` in the URL require.
//!
//! `require` means more here than to libpq: the server's certificate is verified, against the web's roots or those in
//! `sslrootcert`. `prefer`, the default, encrypts if the server can and verifies nothing, because an attacker who can
//! present a false certificate could as well say that the server has none.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::database::error::DatabaseError;
use crate::database::options::DatabaseOptions;

/// The driver's configuration and its TLS connector.
pub(super) fn configure(options: &DatabaseOptions) -> Result<(Config, MakeRustlsConnect), DatabaseError> {
    let (config, roots) = parse(&options.url);
    let mut config = config.map_err(|error| wrong(format!("PostgreSQL's URL: {error}")))?;
    // The pool always needs a writable server. The driver checks each new connection, so a standby never enters the
    // pool, of several hosts the writable one is found, and the pool follows a failover. A value in the URL overrides.
    if !options.url.contains("target_session_attrs") {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    config.connect_timeout(options.wait_limit);
    // For a peer that vanished silently: keepalive probes while the connection is idle, and unacknowledged data times
    // out no later than an answer would.
    config.keepalives_idle(Duration::from_secs(30));
    config.keepalives_interval(Duration::from_secs(10));
    config.keepalives_retries(3);
    config.tcp_user_timeout(options.statement_timeout.saturating_add(options.wait_limit));
    if config.get_application_name().is_none() {
        config.application_name("mainstay");
    }
    config.options(session_options(config.get_options().unwrap_or_default(), options));
    let tls = connector(config.get_ssl_mode(), roots.as_deref())?;
    Ok((config, tls))
}

/// Session settings of every connection; they override those of server, database or role, but not those in the URL.
///
/// An answered COMMIT is durable; strings follow the standard; an abandoned transaction, whose node vanished,
/// releases its locks.
fn session_options(given: &str, options: &DatabaseOptions) -> String {
    let abandoned = options.statement_timeout.saturating_add(options.wait_limit);
    let wanted = [
        (
            "statement_timeout",
            options.statement_timeout.as_millis().to_string(),
        ),
        (
            "idle_in_transaction_session_timeout",
            abandoned.as_millis().to_string(),
        ),
        ("synchronous_commit", "on".to_owned()),
        ("standard_conforming_strings", "on".to_owned()),
        ("default_transaction_deferrable", "off".to_owned()),
    ];
    let mut all = given.to_owned();
    for (name, value) in wanted {
        // The rest of the database API relies on this statement timeout.
        if name == "statement_timeout" || !given.contains(name) {
            all.push_str(&format!(" -c {name}={value}"));
        }
    }
    all.trim_start().to_owned()
}

/// The configuration in a URL, and the file in its `sslrootcert`.
fn parse(url: &str) -> (Result<Config, tokio_postgres::Error>, Option<String>) {
    let (url, roots) = for_the_driver(url);
    (url.parse(), roots)
}

/// The configuration in the URL of a PostgreSQL database; `None` for any other URL.
pub(crate) fn postgres_config(url: &str) -> Option<Config> {
    let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    parse(url).0.ok().filter(|_| is_postgres)
}

/// Takes `sslrootcert`, which the driver does not know, out of the URL, replaces `verify-*` by `require`, and libpq's
/// newer value `primary` by `read-write`.
fn for_the_driver(url: &str) -> (String, Option<String>) {
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let mut roots = None;
    let mut rest = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslrootcert", path)) => roots = Some(path.replace("%2F", "/").replace("%2f", "/")),
            Some(("sslmode", "verify-full" | "verify-ca")) => rest.push("sslmode=require"),
            Some(("target_session_attrs", "primary")) => rest.push("target_session_attrs=read-write"),
            _ => rest.push(pair),
        }
    }
    let query = if rest.is_empty() {
        String::new()
    } else {
        format!("?{}", rest.join("&"))
    };
    (format!("{base}{query}"), roots)
}

fn connector(mode: SslMode, roots: Option<&str>) -> Result<MakeRustlsConnect, DatabaseError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(format!("TLS: {error}")))?;
    let builder = if mode == SslMode::Require || roots.is_some() {
        builder.with_root_certificates(store(roots)?)
    } else {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyServer(provider)))
    };
    Ok(MakeRustlsConnect::new(builder.with_no_client_auth()))
}

fn store(roots: Option<&str>) -> Result<RootCertStore, DatabaseError> {
    let Some(path) = roots else {
        return Ok(RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        });
    };
    let unreadable = |error: &dyn std::fmt::Display| wrong(format!("sslrootcert {path}: {error}"));
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))? {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        store.add(certificate).map_err(|error| unreadable(&error))?;
    }
    if store.is_empty() {
        Err(unreadable(&"no certificate in it"))
    } else {
        Ok(store)
    }
}

fn wrong(reason: String) -> DatabaseError {
    DatabaseError::Options { reason }
}

/// Accepts every certificate: for `prefer` only, where no certificate at all would be accepted too.
#[derive(Debug)]
struct AnyServer(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_leave_the_url_and_verification_is_what_require_means() {
        let (url, roots) = for_the_driver("postgres://h/d?sslmode=verify-full&sslrootcert=/etc%2Fca.pem&a=b");
        assert_eq!(url, "postgres://h/d?sslmode=require&a=b");
        assert_eq!(roots.as_deref(), Some("/etc/ca.pem"));
        assert_eq!(for_the_driver("postgres://h/d?sslrootcert=x").0, "postgres://h/d");
    }

    #[test]
    fn connections_lead_to_a_writable_server_unless_the_url_says_otherwise() {
        let attributes = |url: &str| {
            let configured = configure(&DatabaseOptions::new(url)).map(|(config, _)| config);
            configured.unwrap().get_target_session_attrs()
        };
        let url = "postgres://a,b:6000/d";
        assert_eq!(attributes(url), TargetSessionAttrs::ReadWrite);
        for (word, meant) in [
            ("read-write", TargetSessionAttrs::ReadWrite),
            ("primary", TargetSessionAttrs::ReadWrite),
            ("any", TargetSessionAttrs::Any),
        ] {
            assert_eq!(attributes(&format!("{url}?target_session_attrs={word}")), meant);
        }
    }

    #[test]
    fn a_session_has_the_settings_we_count_on_unless_the_url_names_others() {
        let options = DatabaseOptions::default();
        assert_eq!(
            session_options("-c synchronous_commit=off -c search_path=shop", &options),
            "-c synchronous_commit=off -c search_path=shop -c statement_timeout=30000 \
             -c idle_in_transaction_session_timeout=40000 -c standard_conforming_strings=on \
             -c default_transaction_deferrable=off"
        );
        assert!(session_options("", &options).contains("-c synchronous_commit=on"));
    }

    #[test]
    fn a_missing_root_file_is_reported() {
        let options = DatabaseOptions::new("postgres://h/d?sslmode=require&sslrootcert=/no/such.pem");
        let error = configure(&options).map(drop).unwrap_err();
        assert!(error.to_string().contains("/no/such.pem"), "{error}");
    }
}
