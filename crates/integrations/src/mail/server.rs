//! Where the mail server is and how to come in, read from `SMTP_URL`.

use super::fault::MailSettingFault;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use std::net::IpAddr;
use std::time::Duration;
use url::Url;

/// How long the server may take to pick up.
const CONNECT: Duration = Duration::from_secs(10);

/// A mail server. It has no `Debug`, because it holds a password.
pub(super) struct Server {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
}

impl Server {
    /// Reads `smtps://` (TLS from the first byte, port 465) or `smtp://` (port 587).
    ///
    /// Over `smtp://` the connection is encrypted by STARTTLS before a password is sent, or nothing is sent;
    /// without a password, when the server offers it. `?tls=required` and `?tls=opportunistic` say so in words;
    /// `?tls=none` is for a server on this machine.
    ///
    /// # Errors
    /// What is wrong with the URL, without quoting it.
    pub(super) fn parse(text: &str) -> Result<Self, MailSettingFault> {
        let url = Url::parse(text).map_err(|_| fault("is not a URL"))?;
        let host = url
            .host_str()
            .unwrap_or_default()
            .trim_matches(['[', ']'])
            .to_owned();
        if host.is_empty() {
            return Err(fault("names no host"));
        }
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(fault("has something after the host and port"));
        }
        let credentials = credentials(&url)?;
        let parameters: Vec<_> = url.query_pairs().collect();
        let asked = match parameters.as_slice() {
            [] => None,
            [(name, value)] if name == "tls" => Some(value.as_ref()),
            _ => return Err(fault("has parameters other than tls")),
        };
        let encrypted =
            || TlsParameters::new(host.clone()).map_err(|_| fault("names a host that no certificate can"));
        let tls = match (url.scheme(), asked) {
            ("smtps", None | Some("required")) => Tls::Wrapper(encrypted()?),
            ("smtp", Some("required")) => Tls::Required(encrypted()?),
            ("smtp", None) if credentials.is_some() => Tls::Required(encrypted()?),
            ("smtp", None) => Tls::Opportunistic(encrypted()?),
            ("smtp", Some("opportunistic")) if credentials.is_none() => Tls::Opportunistic(encrypted()?),
            ("smtp", Some("opportunistic")) => {
                return Err(fault("would let anybody on the way ask for the password"));
            }
            ("smtp", Some("none")) if is_loopback(&host) => Tls::None,
            ("smtp", Some("none")) => {
                return Err(fault("has tls=none, which is for a server on this machine"));
            }
            ("smtp" | "smtps", Some(_)) => {
                return Err(fault("has a tls other than required, opportunistic, none"));
            }
            _ => return Err(fault("begins with neither smtp:// nor smtps://")),
        };
        let usual = if url.scheme() == "smtps" { 465 } else { 587 };
        Ok(Self {
            port: url.port().unwrap_or(usual),
            host,
            tls,
            credentials,
        })
    }

    /// A new connection, encrypted and signed in.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let hello = ClientId::default();
        let at_once = match &self.tls {
            Tls::Wrapper(tls) => Some(tls.clone()),
            Tls::None | Tls::Opportunistic(_) | Tls::Required(_) => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT), &hello, at_once, None).await?;
        let later = match &self.tls {
            Tls::Required(tls) => Some(tls),
            Tls::Opportunistic(tls) => Some(tls).filter(|_| connection.can_starttls()),
            Tls::Wrapper(_) | Tls::None => None,
        };
        if let Some(tls) = later {
            connection.starttls(tls.clone(), &hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], credentials)
                .await?;
        }
        Ok(connection)
    }
}

fn fault(why: &'static str) -> MailSettingFault {
    MailSettingFault::new("SMTP_URL", why)
}

fn credentials(url: &Url) -> Result<Option<Credentials>, MailSettingFault> {
    let decode = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(String::from)
            .map_err(|_| fault("has a user or password that is not UTF-8"))
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err(fault("has a password and no user")),
        (_, None) => Err(fault("has a user and no password")),
        (user, Some(password)) => Ok(Some(Credentials::new(decode(user)?, decode(password)?))),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(url: &str) -> (&'static str, u16) {
        let server = Server::parse(url).unwrap_or_else(|fault| panic!("{url}: {fault}"));
        let way = match server.tls {
            Tls::None => "none",
            Tls::Opportunistic(_) => "opportunistic",
            Tls::Required(_) => "required",
            Tls::Wrapper(_) => "wrapper",
        };
        (way, server.port)
    }

    #[test]
    fn a_password_is_never_sent_in_the_clear_over_a_network() {
        assert_eq!(way("smtps://u:p@mail.example"), ("wrapper", 465));
        assert_eq!(way("smtp://u:p@mail.example"), ("required", 587));
        assert_eq!(way("smtp://u:p@mail.example:25?tls=required"), ("required", 25));
        assert_eq!(way("smtp://mail.example:25"), ("opportunistic", 25));
        for host in ["127.0.0.1", "[::1]", "localhost"] {
            assert_eq!(way(&format!("smtp://u:p@{host}:1025?tls=none")), ("none", 1025));
        }
        for refused in [
            "smtp://u:p@mail.example?tls=none",
            "smtp://mail.example?tls=none",
            "smtp://u:p@localhost.example?tls=none",
            "smtp://u:p@mail.example?tls=opportunistic",
            "smtps://u:p@mail.example?tls=none",
        ] {
            assert!(Server::parse(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_and_not_quoted() {
        for bad in [
            "",
            "mail.example",
            "smtp://",
            "http://u:hunter2@mail.example",
            "smtp://hunter2@mail.example",
            "smtp://:hunter2@mail.example",
            "smtp://u:hunter2@mail.example/path",
            "smtp://u:hunter2@mail.example?tls=maybe",
            "smtp://u:hunter2@mail.example?tls=required&tls=none",
            "smtp://u:hunter2@mail.example?verify=no",
            "smtp://u:%FF@mail.example",
        ] {
            let fault = Server::parse(bad).err().unwrap_or_else(|| panic!("{bad}"));
            assert!(!format!("{fault} {fault:?}").contains("hunter2"), "{fault}");
        }
    }

    #[test]
    fn users_and_passwords_are_decoded() {
        let server = Server::parse("smtps://me%40shop.example:p%3A%2F%40%20+@mail.example").unwrap();
        let expected = Credentials::new("me@shop.example".to_owned(), "p:/@ +".to_owned());
        assert_eq!(server.credentials, Some(expected));
    }
}
