//! Connects to the mail server of an `SMTP_URL`.

use super::error::MailSettingError;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, Tls, TlsParameters,
};
use lettre::transport::smtp::extension::ClientId;
use mainstay_platform::config::{SmtpAddress, SmtpEncryption};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;
use std::time::Duration;

/// Connect timeout.
const CONNECT: Duration = Duration::from_secs(10);

/// Address and credentials of a mail server. It has no `Debug`, because it contains a password.
pub(super) struct Server {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
}

impl Server {
    /// Parses an `SMTP_URL`, by the same rules as the settings, and reads the certificates that it names.
    ///
    /// # Errors
    /// What is wrong with the URL or the file of certificates, without quoting the URL.
    pub(super) fn parse(text: &str) -> Result<Self, MailSettingError> {
        let error = |why| MailSettingError::new("SMTP_URL", why);
        let SmtpAddress {
            host,
            port,
            encryption,
            credentials,
            authorities,
        } = SmtpAddress::parse(text).map_err(error)?;
        let authorities = authorities
            .as_deref()
            .map(certificates)
            .transpose()
            .map_err(error)?;
        let encrypted = || {
            let parameters = tls_parameters(&host, authorities.as_deref());
            parameters.map_err(|_| error("names a host or an sslrootcert that no certificate can"))
        };
        let tls = match encryption {
            SmtpEncryption::AtOnce => Tls::Wrapper(encrypted()?),
            SmtpEncryption::Required => Tls::Required(encrypted()?),
            SmtpEncryption::Opportunistic => Tls::Opportunistic(encrypted()?),
            SmtpEncryption::None => Tls::None,
        };
        let credentials = credentials.map(|(user, password)| Credentials::new(user, password));
        Ok(Self {
            host,
            port,
            tls,
            credentials,
        })
    }

    /// Opens a connection, encrypts it as the URL demands, and logs in if the URL contains credentials.
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

/// The certificates in a file; at least one.
fn certificates(file: &Path) -> Result<Vec<Certificate>, &'static str> {
    let pem = std::fs::read(file).map_err(|_| "names an sslrootcert that cannot be read")?;
    let found = CertificateDer::pem_slice_iter(&pem).map(|one| {
        let der = one.map_err(|_| "names an sslrootcert that is not PEM")?;
        Certificate::from_der(der.to_vec()).map_err(|_| "names an sslrootcert that holds no certificate")
    });
    let found: Vec<_> = found.collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Err("names an sslrootcert that holds no certificate");
    }
    Ok(found)
}

/// Verifies the server's name, by the given authorities only, or else by the web's.
fn tls_parameters(host: &str, authorities: Option<&[Certificate]>) -> Result<TlsParameters, Error> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(authorities) = authorities {
        builder = builder.certificate_store(CertificateStore::None);
        for certificate in authorities {
            builder = builder.add_root_certificate(certificate.clone());
        }
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(url: &str) -> (&'static str, u16) {
        let server = Server::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
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
    fn a_name_outside_of_ascii_is_resolved_in_a_labels() {
        let server = Server::parse("smtps://u:p@Bücher.example").unwrap();
        assert_eq!(server.host, "xn--bcher-kva.example");
        assert!(Server::parse("smtps://u:p@bücher..example").is_err());
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
            "smtps://u:hunter2@mail.example?sslrootcert=",
            "smtps://u:hunter2@mail.example?sslrootcert=/nowhere/ca.pem",
            "smtp://u:hunter2@localhost?tls=none&sslrootcert=/nowhere/ca.pem",
        ] {
            let error = Server::parse(bad).err().unwrap_or_else(|| panic!("{bad}"));
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for text in ["", "no certificate", broken] {
            mainstay_platform::files::replace(&file, &folder.path().join("draft"), text.as_bytes()).unwrap();
            let url = format!("smtps://u:hunter2@mail.example?sslrootcert={}", file.display());
            let error = Server::parse(&url).err().unwrap_or_else(|| panic!("{text}"));
            assert!(error.to_string().contains("sslrootcert"), "{error}");
        }
    }

    #[test]
    fn users_and_passwords_are_decoded() {
        let server = Server::parse("smtps://me%40shop.example:p%3A%2F%40%20+@mail.example").unwrap();
        let expected = Credentials::new("me@shop.example".to_owned(), "p:/@ +".to_owned());
        assert_eq!(server.credentials, Some(expected));
    }
}
