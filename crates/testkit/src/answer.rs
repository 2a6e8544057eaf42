//! The response of an app.

use reqwest::header::HeaderMap;
use serde_json::Value;
use std::fmt;

/// The response of an app, with assertions about it.
#[derive(Clone)]
pub struct Answer {
    request: String,
    /// The HTTP status code.
    pub status: u16,
    /// The response headers.
    pub headers: HeaderMap,
    /// The response body.
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(request: String, status: u16, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self {
            request,
            status,
            headers,
            body,
        }
    }

    /// The answer, after asserting its status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The answer, after asserting that it is an API error with this status and code.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{self:?}");
        self
    }

    /// The value of a header; `None` when it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All values of a header that may occur several times.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body parsed as JSON; panics when it is not.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The `data` of the envelope: a single resource or a list.
    #[track_caller]
    pub fn data(&self) -> Value {
        let mut json = self.json();
        assert!(json.get("data").is_some(), "no data: {self:?}");
        json["data"].take()
    }

    /// The items of a list.
    #[track_caller]
    pub fn list(&self) -> Vec<Value> {
        match self.data() {
            Value::Array(list) => list,
            _ => panic!("no list: {self:?}"),
        }
    }

    /// The `pagination` of a list.
    #[track_caller]
    pub fn pagination(&self) -> Value {
        self.json()["pagination"].take()
    }

    /// The code of an API error, in either format; empty when there is none.
    pub fn code(&self) -> String {
        let json: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = json["error"]["code"].as_str().or_else(|| json["code"].as_str());
        code.unwrap_or_default().to_owned()
    }

    /// The details of a validation error as `path code`, sorted.
    #[track_caller]
    pub fn validation_errors(&self) -> Vec<String> {
        let json = self.json();
        let details = json["error"]["details"].as_array().cloned().unwrap_or_default();
        let path_and_code = |error: &Value| {
            format!(
                "{} {}",
                error["path"].as_str().unwrap_or("?"),
                error["code"].as_str().unwrap_or("?")
            )
        };
        let mut errors: Vec<String> = details.iter().map(path_and_code).collect();
        errors.sort_unstable();
        errors
    }

    /// The `ETag` header; panics when it is absent.
    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag")
            .unwrap_or_else(|| panic!("no ETag: {self:?}"))
            .to_owned()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body: String = self.text().chars().take(2000).collect();
        write!(f, "{} → {} {body}", self.request, self.status)
    }
}
