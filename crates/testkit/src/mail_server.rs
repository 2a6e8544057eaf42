//! A real mail server, and its certificates.

use crate::counterpart::Counterpart;
use crate::is_ci;
use crate::process::Process;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::process::Command;

/// The user and the password that the server expects.
const USER: &str = "mainstay";
const PASSWORD: &str = "a secret of the mail server";

/// How a mail server encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailEncryption {
    /// After the command STARTTLS (RFC 3207).
    StartTls,
    /// From the first byte (RFC 8314).
    Implicit,
}

/// The certificate that a mail server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailCertificate {
    /// For its address, of the test's authority.
    Good,
    /// Of the test's authority, for another name.
    OfAnotherName,
    /// For its address, of another authority.
    OfAnotherAuthority,
}

/// PyPI `aiosmtpd`, in a process of its own. It takes mail over TLS from one user only.
pub struct MailServer {
    process: Option<Process>,
    python: PathBuf,
    certificates: TempDir,
    encryption: MailEncryption,
    port: u64,
}

/// A message that the server has taken, decoded by Python's parser.
#[derive(Debug, Clone)]
pub struct ReceivedMail {
    /// The user who sent it.
    pub user: String,
    /// The addresses of the envelope: its sender, and the recipients.
    pub sender: String,
    /// The recipients of the envelope.
    pub recipients: Vec<String>,
    /// The headers, by their names in lower case.
    pub headers: Value,
    /// The alternative in plain text.
    pub text: String,
    /// The alternative in HTML.
    pub html: String,
}

impl MailServer {
    /// Starts a server with a good certificate. `None` where it cannot be installed, or `openssl` is missing, which is
    /// reported as a skipped test.
    pub async fn start(encryption: MailEncryption) -> Option<Self> {
        let certificates = tempfile::tempdir().expect("the system has a folder for temporary files");
        let folder = certificates.path().to_owned();
        let prepare = move || {
            let installed = Counterpart::MailServer.install()?;
            make_certificates(&folder)?;
            Ok::<_, String>(installed.join("bin/python"))
        };
        let prepared = tokio::task::spawn_blocking(prepare).await;
        let python = match prepared.expect("the installation does not panic") {
            Ok(python) => python,
            Err(why) => {
                is_ci::skip(Counterpart::MailServer.description(), &why);
                return None;
            }
        };
        let mut server = Self {
            process: None,
            python,
            certificates,
            encryption,
            port: 0,
        };
        server.start_again(MailCertificate::Good).await;
        Some(server)
    }

    /// Starts it at the address that it had, with a certificate.
    pub async fn start_again(&mut self, certificate: MailCertificate) {
        let file = |kind: &str| {
            self.certificates
                .path()
                .join(format!("{}.{kind}", certificate.name()))
        };
        let mut command = Command::new(&self.python);
        command
            .args(["-W", "ignore"])
            .arg(Counterpart::MailServer.sources().join("server.py"))
            .arg(match self.encryption {
                MailEncryption::StartTls => "starttls",
                MailEncryption::Implicit => "tls",
            })
            .arg(self.port.to_string())
            .args([file("pem"), file("key")])
            .args([USER, PASSWORD])
            // Notices of deprecations.
            .stderr(std::process::Stdio::null());
        let (process, first) = Process::start(&mut command).await;
        self.port = first["port"].as_u64().expect("the process reports its port");
        self.process = Some(process);
    }

    /// Stops it; returns the events that the test has not waited for, such as `{"event": "connection"}`.
    pub async fn stop(&mut self) -> Vec<Value> {
        match self.process.take() {
            Some(process) => process.stop().await,
            None => Vec::new(),
        }
    }

    /// The `SMTP_URL` of the server, with the right password.
    pub fn url(&self) -> String {
        self.url_with(PASSWORD)
    }

    /// The `SMTP_URL` of the server, with a password.
    pub fn url_with(&self, password: &str) -> String {
        let scheme = match self.encryption {
            MailEncryption::StartTls => "smtp",
            MailEncryption::Implicit => "smtps",
        };
        let password = password.replace(' ', "%20");
        let authority = self.certificates.path().join("authority.pem");
        format!(
            "{scheme}://{USER}:{password}@127.0.0.1:{}?sslrootcert={}",
            self.port,
            authority.display()
        )
    }

    /// Waits for the next message.
    ///
    /// # Panics
    /// When none arrives in a minute.
    pub async fn message(&mut self) -> ReceivedMail {
        loop {
            let event = self.next().await;
            if event["event"] == "message" {
                return ReceivedMail::of(&event);
            }
        }
    }

    /// Waits for an attempt to authenticate; returns whether the server accepted it.
    ///
    /// # Panics
    /// When there is none in a minute.
    pub async fn authentication(&mut self) -> bool {
        loop {
            let event = self.next().await;
            if event["event"] == "authentication" {
                return event["good"] == true;
            }
        }
    }

    async fn next(&mut self) -> Value {
        let process = self.process.as_mut().expect("the server runs");
        process.line().await
    }
}

impl ReceivedMail {
    fn of(event: &Value) -> Self {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let recipients = event["recipients"].as_array().into_iter().flatten();
        Self {
            user: text("user"),
            sender: text("sender"),
            recipients: recipients
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect(),
            headers: event["headers"].clone(),
            text: text("text"),
            html: text("html"),
        }
    }

    /// The token with a prefix in the text, which is in the HTML as well.
    ///
    /// # Panics
    /// When there is none, or another one in the HTML.
    #[track_caller]
    pub fn token(&self, prefix: &str) -> String {
        let found = self.text.split_once(&format!("#{prefix}"));
        let (_, rest) = found.unwrap_or_else(|| panic!("no {prefix} in {}", self.text));
        let token = rest.split_whitespace().next().unwrap_or_default();
        let token = format!("{prefix}{token}");
        assert!(
            self.html.contains(&format!("#{token}\"")),
            "{token}: {}",
            self.html
        );
        token
    }
}

impl MailCertificate {
    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::OfAnotherName => "of-another-name",
            Self::OfAnotherAuthority => "of-another-authority",
        }
    }
}

/// Makes two authorities and the certificates of the server, by `openssl`.
fn make_certificates(folder: &Path) -> Result<(), String> {
    const SCRIPT: &str = include_str!("certificates.sh");
    crate::counterpart::run(
        std::process::Command::new("sh")
            .args(["-c", SCRIPT, "certificates"])
            .current_dir(folder),
    )
    .map_err(|why| format!("openssl: {why}"))
}
