//! A real OpenID provider, and a browser that goes through its pages.

use crate::counterpart::Counterpart;
use crate::is_ci;
use crate::process::Process;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{IntoUrl, RequestBuilder};
use serde_json::{Value, json};
use tokio::process::Command;
use url::Url;
use url::form_urlencoded::Serializer;

/// The client that is registered at the provider.
const CLIENT_ID: &str = "mainstay-test";
/// The steps of a sign-in: two pages, each with a form and redirects.
const MAX_STEPS: usize = 20;

/// npm `oidc-provider`, in a process of its own. Its clock is the machine's, so an app that uses it has to be at that time.
pub struct OpenIdProvider {
    process: Option<Process>,
    port: u64,
    redirect_uris: Vec<String>,
    accounts: Vec<Value>,
    secret: &'static str,
}

impl OpenIdProvider {
    /// Starts a provider with one client, whose secret is given. `None` where it cannot be installed, which is reported
    /// as a skipped test.
    pub async fn start(secret: &'static str) -> Option<Self> {
        if let Err(why) = installed().await {
            is_ci::skip(Counterpart::OpenIdProvider.description(), &why);
            return None;
        }
        let mut provider = Self {
            process: None,
            port: 0,
            redirect_uris: Vec::new(),
            accounts: Vec::new(),
            secret,
        };
        provider.start_again().await;
        Some(provider)
    }

    /// Starts it at the address that it had, with the same client and accounts, and another key.
    pub async fn start_again(&mut self) {
        let folder = installed().await.expect("it was installed");
        let mut command = Command::new("node");
        command
            .arg(Counterpart::OpenIdProvider.sources().join("provider.mjs"))
            .arg(folder.join("node_modules/oidc-provider/lib/index.js"))
            .arg(self.port.to_string())
            // Warnings that it is a provider for development.
            .stderr(std::process::Stdio::null());
        let (process, first) = Process::start(&mut command).await;
        self.port = first["port"].as_u64().expect("the process reports its port");
        self.process = Some(process);
        if !self.redirect_uris.is_empty() {
            self.register(self.redirect_uris.clone()).await;
        }
        for account in self.accounts.clone() {
            self.command(json!({"command": "account", "claims": account}))
                .await;
        }
    }

    /// Stops it.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }

    /// Its address, which is also its issuer.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The client id that it has issued.
    pub fn client_id(&self) -> &'static str {
        CLIENT_ID
    }

    /// Registers the redirect URIs of the client, which is necessary before the first sign-in.
    pub async fn register(&mut self, redirect_uris: Vec<String>) {
        let client = json!({
            "command": "client",
            "client_id": CLIENT_ID,
            "client_secret": self.secret,
            "redirect_uris": redirect_uris,
        });
        self.redirect_uris = redirect_uris;
        self.command(client).await;
    }

    /// Adds an account, or changes the one of the same `sub`.
    pub async fn set_account(&mut self, claims: Value) {
        self.accounts.retain(|account| account["sub"] != claims["sub"]);
        self.accounts.push(claims.clone());
        self.command(json!({"command": "account", "claims": claims}))
            .await;
    }

    /// Replaces its signing key: the old one is published no more.
    pub async fn rotate_key(&mut self) {
        self.command(json!({"command": "rotate"})).await;
    }

    /// The tokens that it has issued, of all kinds.
    pub async fn issued(&mut self) -> Vec<String> {
        let issued = self.command(json!({"command": "issued"})).await;
        let texts = issued.as_array().expect("a list").iter();
        texts
            .filter_map(|token| token.as_str().map(str::to_owned))
            .collect()
    }

    /// Exchanges a code as the client with its secret would; returns the status and the error, if any.
    pub async fn exchange(&self, code: &str, redirect_uri: &str, verifier: Option<&str>) -> (u16, String) {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("client_id", CLIENT_ID)
            .append_pair("client_secret", self.secret)
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect_uri);
        if let Some(verifier) = verifier {
            form.append_pair("code_verifier", verifier);
        }
        let browser = ProviderBrowser::default();
        let request = browser.form(format!("{}/token", self.url()), form.finish());
        let response = request.send().await.expect("the provider answers");
        let status = response.status().as_u16();
        let body: Value = response.json().await.expect("the provider answers in JSON");
        (status, body["error"].as_str().unwrap_or_default().to_owned())
    }

    async fn command(&mut self, command: Value) -> Value {
        let process = self.process.as_mut().expect("the provider runs");
        process.command(&command).await
    }
}

/// Installs the provider without blocking the runtime.
async fn installed() -> Result<std::path::PathBuf, String> {
    let install = tokio::task::spawn_blocking(|| Counterpart::OpenIdProvider.install());
    install.await.expect("the installation does not panic")
}

/// A browser at the provider's pages. It keeps the provider's cookies, so that who signed in there stays signed in.
pub struct ProviderBrowser {
    http: reqwest::Client,
}

impl Default for ProviderBrowser {
    fn default() -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .cookie_store(true)
            .redirect(Policy::none())
            .build()
            .expect("the client has no options that can fail");
        Self { http }
    }
}

impl ProviderBrowser {
    /// Goes to an authorization URL, signs in with a login and consents where the pages ask for it, and returns the
    /// address that the provider sends the browser back to.
    ///
    /// # Panics
    /// When the provider shows another page.
    pub async fn consent(&self, location: &str, login: &str) -> String {
        self.walk(location, Some(login)).await
    }

    /// Goes to an authorization URL, and cancels on the first page.
    ///
    /// # Panics
    /// When the provider shows no such page.
    pub async fn decline(&self, location: &str) -> String {
        self.walk(location, None).await
    }

    fn form(&self, url: impl IntoUrl, form: String) -> RequestBuilder {
        let kind = "application/x-www-form-urlencoded";
        self.http.post(url).header(CONTENT_TYPE, kind).body(form)
    }

    async fn walk(&self, location: &str, login: Option<&str>) -> String {
        let start = Url::parse(location).expect("an address");
        let mut request = self.http.get(start.clone());
        for _ in 0..MAX_STEPS {
            let response = request.send().await.expect("the provider answers");
            let here = response.url().clone();
            if let Some(next) = response.headers().get(LOCATION) {
                let next = next.to_str().expect("an address is ASCII");
                let next = here.join(next).expect("an address");
                if next.origin() != start.origin() {
                    return next.into();
                }
                request = self.http.get(next);
                continue;
            }
            let status = response.status();
            let page = response.text().await.expect("a page");
            let link = |before: &str| {
                let target = between(&page, before).unwrap_or_else(|| panic!("{status} {here}: {page}"));
                here.join(target).expect("an address")
            };
            request = match login {
                None => self.http.get(link("<a href=\"")),
                Some(login) => {
                    let prompt = between(&page, "name=\"prompt\" value=\"").unwrap_or_default();
                    let fields = [("prompt", prompt), ("login", login), ("password", "any")];
                    let form = Serializer::new(String::new()).extend_pairs(fields).finish();
                    self.form(link("action=\""), form)
                }
            };
        }
        panic!("the provider sends the browser in circles: {location}")
    }
}

/// The text between a prefix and the next quotation mark.
fn between<'p>(page: &'p str, before: &str) -> Option<&'p str> {
    let (_, rest) = page.split_once(before)?;
    rest.split('"').next()
}
