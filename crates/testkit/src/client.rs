//! A small HTTP client.

use crate::answer::Answer;
use crate::event_stream::EventStream;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// Sends requests to one app. Cheap to clone; headers added to a clone do not affect the original.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    headers: HeaderMap,
}

impl Client {
    /// The address of the app, without a path.
    pub fn url(&self) -> &str {
        &self.base
    }

    pub(crate) fn new(base: &str) -> Self {
        // No proxy: the proxy settings of the machine must not affect tests.
        let http = reqwest::Client::builder()
            .no_proxy()
            // A redirect is an answer like any other.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("the client has no options that can fail");
        Self {
            http,
            base: base.to_owned(),
            headers: HeaderMap::new(),
        }
    }

    /// The same client with one more header; replaces an earlier one of that name.
    #[must_use]
    pub fn header(&self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a valid header name");
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a valid header value");
        let mut other = self.clone();
        other.headers.insert(name, value);
        other
    }

    /// The same client with an access token.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// The same client without credentials.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        let mut other = self.clone();
        other.headers.remove(AUTHORIZATION);
        other
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// Opens a stream of server-sent events.
    ///
    /// # Panics
    /// When the app refuses it.
    pub async fn stream(&self, path: &str) -> EventStream {
        let request = self.http.get(format!("{}{path}", self.base));
        let response = request.headers(self.headers.clone()).send().await;
        let response = response.unwrap_or_else(|error| panic!("{path}: {error:?}"));
        assert_eq!(response.status(), 200, "{path}");
        EventStream::new(response)
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

    /// Any method, by name, with an optional body of any content type.
    pub async fn request(&self, method: &str, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        self.send(
            Method::from_bytes(method.as_bytes()).expect("a valid method name"),
            path,
            body,
        )
        .await
    }

    /// Any method, with an optional body of any content type.
    pub async fn send(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        let target = format!("{method} {path}");
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
            .unwrap_or_else(|error| panic!("{target}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response
            .bytes()
            .await
            .unwrap_or_else(|error| panic!("{target}: {error:?}"));
        Answer::new(target, status, headers, body.to_vec())
    }
}
