//! Sends outgoing webhooks: to public addresses by `https:`, and to the networks that the settings name, where `http:` is
//! allowed, too. A name is resolved, the addresses are checked, and the connection is made to one of those that were
//! checked; redirects are not followed.

use crate::addresses::AllowedAddresses;
use crate::tls;
use futures_util::future::BoxFuture;
use mainstay_domain::validation::Invalid;
use mainstay_platform::config::Settings;
use mainstay_platform::network::parse_address;
use mainstay_services::ports::{WebhookAnswer, WebhookRequest, WebhookSender};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long an endpoint may take to answer, and to accept the connection.
const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer that are kept.
const MAX_ANSWER: usize = 1024;
const AGENT: &str = concat!("mainstay/", env!("CARGO_PKG_VERSION"));
const SETTING: &str = "WEBHOOK_NETWORKS";

/// Why the HTTP client could not be created.
#[derive(Debug, thiserror::Error)]
#[error("webhooks: no HTTP client: {0}")]
pub struct WebhookSenderError(String);

/// The sender of outgoing webhooks.
///
/// # Errors
/// TLS cannot be set up.
pub fn webhook_sender(settings: &Settings) -> Result<Arc<dyn WebhookSender>, WebhookSenderError> {
    let networks = &settings.webhook_networks;
    Ok(Arc::new(HttpSender {
        https: Sending::new(AllowedAddresses::new(false, SETTING, networks.clone()))?,
        http: Sending::new(AllowedAddresses::only(SETTING, networks.clone()))?,
    }))
}

struct HttpSender {
    https: Sending,
    /// For the networks of the settings alone.
    http: Sending,
}

struct Sending {
    client: Client,
    allowed: AllowedAddresses,
}

impl Sending {
    fn new(allowed: AllowedAddresses) -> Result<Self, WebhookSenderError> {
        let tls = tls::client().map_err(|error| WebhookSenderError(error.to_string()))?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(AGENT)
            .dns_resolver(Arc::new(allowed.clone()))
            .build()
            .map_err(|error| WebhookSenderError(error.to_string()))?;
        Ok(Self { client, allowed })
    }
}

impl HttpSender {
    /// The client for a URL, if an endpoint may have it.
    fn find(&self, url: &str) -> Result<(&Sending, Url), Invalid> {
        let invalid = |message: &'static str| Invalid::new("FORMAT", message);
        let url = Url::parse(url).map_err(|_unparsable| invalid("must be a URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("must not contain a user name or a password"));
        }
        let sending = match url.scheme() {
            "https" => &self.https,
            "http" => &self.http,
            _ => return Err(invalid("must be an https:// URL")),
        };
        let host = url.host_str().ok_or_else(|| invalid("must name a host"))?;
        // Names are checked when they are resolved.
        let is_refused = match parse_address(host) {
            Some(address) => !sending.allowed.has(address),
            None => false,
        };
        if is_refused {
            return Err(invalid(
                "is in a network that may not be reached (WEBHOOK_NETWORKS)",
            ));
        }
        if url.scheme() == "http" && sending.allowed.is_empty() {
            return Err(invalid("must be an https:// URL"));
        }
        Ok((sending, url))
    }
}

impl WebhookSender for HttpSender {
    fn check(&self, url: &str) -> Result<(), Invalid> {
        self.find(url).map(|_found| ())
    }

    fn send(&self, request: WebhookRequest) -> BoxFuture<'_, WebhookAnswer> {
        Box::pin(async move {
            // The settings may have changed since the endpoint was registered.
            let (sending, url) = match self.find(&request.url) {
                Ok(found) => found,
                Err(invalid) => return failed(format!("the URL {}", invalid.message)),
            };
            let sent = sending
                .client
                .post(url)
                .header(CONTENT_TYPE, "application/json")
                .header("webhook-id", &request.id)
                .header("webhook-timestamp", request.seconds)
                .header("webhook-signature", &request.signature)
                .body(request.body);
            match sent.send().await {
                Ok(response) => read(response).await,
                Err(error) => failed(explain(&error.without_url())),
            }
        })
    }
}

/// Reads the beginning of the body; the rest is not received.
async fn read(mut response: Response) -> WebhookAnswer {
    let (status, mut body) = (response.status().as_u16(), Vec::new());
    let mut error = None;
    while body.len() < MAX_ANSWER {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(broken) => {
                error = Some(explain(&broken.without_url()));
                break;
            }
        }
    }
    body.truncate(MAX_ANSWER);
    let text = String::from_utf8_lossy(&body).replace('\0', "\u{fffd}");
    WebhookAnswer {
        status: Some(status),
        body: Some(text),
        error,
    }
}

fn failed(error: String) -> WebhookAnswer {
    WebhookAnswer {
        status: None,
        body: None,
        error: Some(error),
    }
}

/// An error with its causes, of which the last says most.
fn explain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn sender(networks: &str) -> Arc<dyn WebhookSender> {
        let variables = BTreeMap::from([("WEBHOOK_NETWORKS".to_owned(), networks.to_owned())]);
        let settings = Settings::read(&[], &variables, None).unwrap().settings;
        webhook_sender(&settings).unwrap()
    }

    #[test]
    fn endpoints_are_https_and_public() {
        let sender = sender("");
        for good in [
            "https://hooks.example/in?a=1",
            "https://1.1.1.1/",
            "https://[2606:4700::1111]:8443/x",
        ] {
            assert_eq!(sender.check(good), Ok(()), "{good}");
        }
        for bad in [
            "http://hooks.example/in",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::]/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://10.0.0.1/",
            "https://[fd00::1]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://user:secret@hooks.example/",
            "https://user@hooks.example/",
            "ftp://hooks.example/",
            "file:///etc/passwd",
            "https://",
            "/in",
            "",
        ] {
            assert_eq!(
                sender.check(bad).map_err(|invalid| invalid.code.to_string()),
                Err("FORMAT".to_owned()),
                "{bad}"
            );
        }
    }

    #[test]
    fn http_is_for_the_networks_of_the_settings() {
        let sender = sender("127.0.0.0/8, 10.1.0.0/16");
        for good in [
            "http://127.0.0.1:9000/in",
            "https://127.0.0.1/in",
            "http://10.1.2.3/",
            "http://receiver.internal/",
        ] {
            assert_eq!(sender.check(good), Ok(()), "{good}");
        }
        for bad in ["http://10.2.0.1/", "http://1.1.1.1/", "http://[::1]/"] {
            assert!(sender.check(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_private_address_is_not_reached() {
        let request = |url: &str| WebhookRequest {
            url: url.to_owned(),
            id: "id".to_owned(),
            seconds: 1,
            signature: "v1,".to_owned(),
            body: "{}".to_owned(),
        };
        for (networks, url) in [
            ("", "https://localhost/in"),
            ("10.1.0.0/16", "http://localhost/in"),
        ] {
            let answer = sender(networks).send(request(url)).await;
            assert_eq!(answer.status, None);
            let error = answer.error.unwrap();
            assert!(
                error.contains("has no address that may be reached (WEBHOOK_NETWORKS)"),
                "{error}"
            );
        }
    }
}
