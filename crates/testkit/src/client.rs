//! A little HTTP client.

use crate::answer::Answer;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// Asks one app. Cheap to clone; what is added to a clone is not seen by the original.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    headers: HeaderMap,
}

impl Client {
    pub(crate) fn new(base: &str) -> Self {
        // No proxy: what the machine says of the way to the world is no part of a test.
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("the client has no options that can fail");
        Self {
            http,
            base: base.to_owned(),
            headers: HeaderMap::new(),
        }
    }

    /// The same client with one more header; an earlier one of that name is replaced.
    #[must_use]
    pub fn header(&self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("the name of a header");
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("the value of a header");
        let mut other = self.clone();
        other.headers.insert(name, value);
        other
    }

    /// The same client with an access token.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// The same client without a credential.
    #[must_use]
    pub fn nobody(&self) -> Self {
        let mut other = self.clone();
        other.headers.remove(AUTHORIZATION);
        other
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    /// `POST` without a body.
    pub async fn post_nothing(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PATCH, path, body).await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PUT, path, body).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Any method with a JSON body.
    pub async fn json(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send(
            method,
            path,
            Some(("application/json", body.to_string().into_bytes())),
        )
        .await
    }

    /// Any method, by its name.
    pub async fn request(&self, method: &str, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        self.send(
            Method::from_bytes(method.as_bytes()).expect("the name of a method"),
            path,
            body,
        )
        .await
    }

    /// Any method, and bytes of any kind.
    pub async fn send(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        let asked = format!("{method} {path}");
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .headers(self.headers.clone());
        if let Some((kind, bytes)) = body {
            request = request.header(CONTENT_TYPE, kind).body(bytes);
        }
        let response = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response
            .bytes()
            .await
            .unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        Answer::new(asked, status, headers, body.to_vec())
    }
}
