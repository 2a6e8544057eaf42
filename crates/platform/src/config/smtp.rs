//! `SMTP_URL`: where the mail server is, how to come in, and how the way there is kept secret.

use crate::network::is_this_machine;
use mainstay_domain::host::HostName;
use percent_encoding::percent_decode_str;
use rustls::pki_types::ServerName;
use url::Url;

/// What an `SMTP_URL` says. It has no `Debug`, because it holds a password.
pub struct SmtpAddress {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port; the usual one of the scheme unless another was given.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: SmtpEncryption,
    /// User and password, decoded.
    pub credentials: Option<(String, String)>,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpEncryption {
    /// From the first byte on.
    AtOnce,
    /// By STARTTLS, or nothing is sent.
    Required,
    /// By STARTTLS when the server offers it.
    Opportunistic,
    /// Not at all: the server is on this machine.
    None,
}

impl SmtpAddress {
    /// Reads `smtps://` (TLS from the first byte, port 465) or `smtp://` (port 587).
    ///
    /// Over `smtp://` the connection is encrypted by STARTTLS before a password is sent, or nothing is sent; without a
    /// password, when the server offers it. `?tls=required` and `?tls=opportunistic` say so in words; `?tls=none` is
    /// for a server on this machine.
    ///
    /// # Errors
    /// What is wrong with the URL, without quoting it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "is not a URL")?;
        let host = host(&url)
            .filter(|host| !host.is_empty())
            .ok_or("names no host")?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err("has something after the host and port");
        }
        let credentials = credentials(&url)?;
        let encryption = encryption(&url, &host, credentials.is_some())?;
        if encryption != SmtpEncryption::None && ServerName::try_from(host.as_str()).is_err() {
            return Err("names a host that no certificate can");
        }
        let usual = if url.scheme() == "smtps" { 465 } else { 587 };
        Ok(Self {
            port: url.port().unwrap_or(usual),
            host,
            encryption,
            credentials,
        })
    }
}

/// The host without brackets; a name outside of ASCII in A-labels, which a URL of this scheme does not see to by itself.
fn host(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_matches(['[', ']']);
    match percent_decode_str(host).decode_utf8() {
        Ok(name) if !name.is_ascii() => HostName::parse(&name).map(|name| name.ascii().to_owned()),
        _ => Some(host.to_owned()),
    }
}

fn encryption(url: &Url, host: &str, with_password: bool) -> Result<SmtpEncryption, &'static str> {
    let parameters: Vec<_> = url.query_pairs().collect();
    let asked = match parameters.as_slice() {
        [] => None,
        [(name, value)] if name == "tls" => Some(value.as_ref()),
        _ => return Err("has parameters other than tls"),
    };
    match (url.scheme(), asked) {
        ("smtps", None | Some("required")) => Ok(SmtpEncryption::AtOnce),
        ("smtp", Some("required")) => Ok(SmtpEncryption::Required),
        ("smtp", None) if with_password => Ok(SmtpEncryption::Required),
        ("smtp", None) => Ok(SmtpEncryption::Opportunistic),
        ("smtp", Some("opportunistic")) if !with_password => Ok(SmtpEncryption::Opportunistic),
        ("smtp", Some("opportunistic")) => Err("would let anybody on the way ask for the password"),
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
