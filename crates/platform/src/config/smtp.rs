//! `SMTP_URL`: address, credentials and encryption of the mail server.

use crate::network::is_this_machine;
use mainstay_domain::host::HostName;
use percent_encoding::percent_decode_str;
use rustls::pki_types::ServerName;
use std::path::PathBuf;
use url::Url;

/// A parsed `SMTP_URL`. It has no `Debug`, because it holds a password.
pub struct SmtpAddress {
    /// A host name or an address, without brackets.
    pub host: String,
    /// The port of the URL, or the default one of the scheme.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: SmtpEncryption,
    /// User and password, percent-decoded.
    pub credentials: Option<(String, String)>,
    /// File with the certificates (PEM) of the authorities that the server's certificate must be of; `None`: the web's.
    pub authorities: Option<PathBuf>,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpEncryption {
    /// TLS from the first byte.
    AtOnce,
    /// STARTTLS, or the client sends nothing.
    Required,
    /// STARTTLS when the server offers it.
    Opportunistic,
    /// No encryption: the server is on this machine.
    None,
}

impl SmtpAddress {
    /// Reads `smtps://` (TLS from the first byte, port 465) or `smtp://` (port 587).
    ///
    /// Over `smtp://` the client requires STARTTLS before it sends a password; without one, it uses STARTTLS when
    /// the server offers it. `?tls=required` and `?tls=opportunistic` choose one of these modes explicitly;
    /// `?tls=none` is for a server on this machine. `?sslrootcert=FILE` names certificate authorities of your own, as in
    /// `DATABASE_URL`.
    ///
    /// # Errors
    /// The reason why the URL is invalid, without quoting it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "is not a URL")?;
        let host = host(&url)
            .filter(|host| !host.is_empty())
            .ok_or("names no host")?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err("has something after the host and port");
        }
        let credentials = credentials(&url)?;
        let Parameters { tls, sslrootcert } = Parameters::of(&url)?;
        let encryption = encryption(&url, tls.as_deref(), &host, credentials.is_some())?;
        if encryption == SmtpEncryption::None && sslrootcert.is_some() {
            return Err("has an sslrootcert, and tls=none, which verifies nothing");
        }
        if encryption != SmtpEncryption::None && ServerName::try_from(host.as_str()).is_err() {
            return Err("names a host that no certificate can");
        }
        let usual = if url.scheme() == "smtps" { 465 } else { 587 };
        Ok(Self {
            port: url.port().unwrap_or(usual),
            host,
            encryption,
            credentials,
            authorities: sslrootcert.map(PathBuf::from),
        })
    }
}

/// The parameters of the URL.
#[derive(Default)]
struct Parameters {
    tls: Option<String>,
    sslrootcert: Option<String>,
}

impl Parameters {
    fn of(url: &Url) -> Result<Self, &'static str> {
        let mut found = Self::default();
        for (name, value) in url.query_pairs() {
            let place = match name.as_ref() {
                "tls" => &mut found.tls,
                "sslrootcert" => &mut found.sslrootcert,
                _ => return Err("has parameters other than tls and sslrootcert"),
            };
            if place.replace(value.into_owned()).is_some() {
                return Err("has a parameter twice");
            }
        }
        if found.sslrootcert.as_deref() == Some("") {
            return Err("has an sslrootcert that names no file");
        }
        Ok(found)
    }
}

/// The host without brackets; a name outside of ASCII in A-labels, because URL parsing converts none for this scheme.
fn host(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_matches(['[', ']']);
    match percent_decode_str(host).decode_utf8() {
        Ok(name) if !name.is_ascii() => HostName::parse(&name).map(|name| name.ascii().to_owned()),
        _ => Some(host.to_owned()),
    }
}

fn encryption(
    url: &Url,
    requested: Option<&str>,
    host: &str,
    with_password: bool,
) -> Result<SmtpEncryption, &'static str> {
    match (url.scheme(), requested) {
        ("smtps", None | Some("required")) => Ok(SmtpEncryption::AtOnce),
        ("smtp", Some("required")) => Ok(SmtpEncryption::Required),
        ("smtp", None) if with_password => Ok(SmtpEncryption::Required),
        ("smtp", None) => Ok(SmtpEncryption::Opportunistic),
        ("smtp", Some("opportunistic")) if !with_password => Ok(SmtpEncryption::Opportunistic),
        ("smtp", Some("opportunistic")) => {
            Err("would let an attacker on the network path request the password")
        }
        ("smtp", Some("none")) if is_this_machine(host) => Ok(SmtpEncryption::None),
        ("smtp", Some("none")) => Err("has tls=none, which is for a server on this machine"),
        ("smtp" | "smtps", Some(_)) => Err("has a tls other than required, opportunistic, none"),
        _ => Err("begins with neither smtp:// nor smtps://"),
    }
}

fn credentials(url: &Url) -> Result<Option<(String, String)>, &'static str> {
    let decode = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(String::from)
            .map_err(|_| "has a user or password that is not UTF-8")
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err("has a password and no user"),
        (_, None) => Err("has a user and no password"),
        (user, Some(password)) => Ok(Some((decode(user)?, decode(password)?))),
    }
}
