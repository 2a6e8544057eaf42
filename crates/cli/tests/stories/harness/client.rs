//! Somebody who calls the server.

use serde_json::Value;
use std::time::Duration;

/// Somebody who calls the server, signed in or not. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// `Idempotency-Replayed: true`.
    pub(crate) replayed: bool,
}

impl Answer {
    /// The `data` of an answer with this status; panics at any other.
    pub(crate) fn data(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body["data"].clone()
    }

    /// The `data` of a payment that is begun, or done already.
    pub(crate) fn payment(self) -> Value {
        assert!(matches!(self.status, 200 | 202), "{}", self.body);
        self.body["data"].clone()
    }

    /// The code of a failure.
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

impl Client {
    /// Not signed in.
    pub(crate) fn of(base: &str) -> Self {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        Self {
            http,
            base: base.to_owned(),
            token: None,
        }
    }

    /// The same with another token.
    pub(crate) fn with(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same somebody at another server.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None, None).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, Some(body), None).await.unwrap()
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, Some(body), None).await.unwrap()
    }

    /// One request; an error when no whole answer came.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let (status, replayed) = (
            response.status().as_u16(),
            response.headers().contains_key("idempotency-replayed"),
        );
        let bytes = response.bytes().await?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer {
            status,
            body,
            replayed,
        })
    }
}
