//! What an app answered.

use reqwest::header::HeaderMap;
use serde_json::Value;
use std::fmt;

/// What an app answered.
#[derive(Clone)]
pub struct Answer {
    asked: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(asked: String, status: u16, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self {
            asked,
            status,
            headers,
            body,
        }
    }

    /// The answer, which has to have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The answer, which has to be a refusal with this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{self:?}");
        self
    }

    /// The text of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The texts of a header that may come several times.
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

    /// The body, which has to be JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The one thing, or the list, that was answered.
    #[track_caller]
    pub fn data(&self) -> Value {
        let mut json = self.json();
        assert!(json.get("data").is_some(), "no data: {self:?}");
        json["data"].take()
    }

    /// The things of a list.
    #[track_caller]
    pub fn list(&self) -> Vec<Value> {
        match self.data() {
            Value::Array(list) => list,
            _ => panic!("no list: {self:?}"),
        }
    }

    /// What lies around a page.
    #[track_caller]
    pub fn pagination(&self) -> Value {
        self.json()["pagination"].take()
    }

    /// The code of a refusal, in either form; empty when there is none.
    pub fn code(&self) -> String {
        let json: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = json["error"]["code"].as_str().or_else(|| json["code"].as_str());
        code.unwrap_or_default().to_owned()
    }

    /// The details of a refusal as `path code`, sorted.
    #[track_caller]
    pub fn faults(&self) -> Vec<String> {
        let json = self.json();
        let details = json["error"]["details"].as_array().cloned().unwrap_or_default();
        let told = |fault: &Value| {
            format!(
                "{} {}",
                fault["path"].as_str().unwrap_or("?"),
                fault["code"].as_str().unwrap_or("?")
            )
        };
        let mut faults: Vec<String> = details.iter().map(told).collect();
        faults.sort_unstable();
        faults
    }

    /// The entity tag.
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
        write!(f, "{} → {} {body}", self.asked, self.status)
    }
}
