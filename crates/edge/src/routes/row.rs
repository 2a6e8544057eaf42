//! A row of the route table.

use crate::middleware::address_limit;
use axum::routing::MethodFilter;
use mainstay_domain::access::{Access, Rate};
use mainstay_engine::UseCase;
use serde::Serialize;
use std::any::type_name;
use std::fmt;
use utoipa::openapi::path::HttpMethod;

/// A row of the route table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteRow {
    /// The interface that serves it, such as REST.
    pub interface: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// Path pattern.
    pub path: String,
    /// Name of the use case, or of a public endpoint without one.
    pub use_case: &'static str,
    /// The type of the use case, which distinguishes two use cases of one name.
    #[serde(skip)]
    pub use_case_type: &'static str,
    /// The callers that have access, as text.
    pub access: String,
    /// The rate limit, as text.
    pub rate: String,
    /// Maximum bytes of a request body; `None` where no body is read.
    pub max_body: Option<usize>,
    /// Whether anonymous callers have access.
    pub public: bool,
    /// The rate limit as a value; `None`: no limit of its own.
    #[serde(skip)]
    pub quota: Option<Rate>,
    /// Whether the use case honours an `Idempotency-Key`.
    #[serde(skip)]
    pub is_idempotent: bool,
    /// Whether the request itself proves who the caller is, so that other credentials are ignored.
    #[serde(skip)]
    pub signs_in: bool,
    /// Whether the answer contains secrets.
    #[serde(skip)]
    pub has_secret_answer: bool,
    /// Whether the route serves a use case, and may return the errors of use cases.
    #[serde(skip)]
    pub is_use_case: bool,
    /// Whether the OpenAPI document lists it. Pages for browsers, with their scripts and styles, are not part of the
    /// API.
    #[serde(rename = "documented")]
    pub is_documented: bool,
}

impl RouteRow {
    /// The row of a use case; `has_body` states whether the handler reads a body.
    pub(super) fn of<U: UseCase>(method: &'static str, path: &str, has_body: bool) -> Self {
        const {
            assert!(
                !U::SIGNS_IN || U::ACCESS.is_public(),
                "a use case that signs in is called by anonymous callers"
            );
        };
        Self {
            max_body: has_body.then_some(U::MAX_BODY),
            interface: "rest",
            method,
            path: path.to_owned(),
            use_case: U::NAME,
            use_case_type: type_name::<U>(),
            access: U::ACCESS.to_string(),
            rate: U::RATE.to_string(),
            public: U::ACCESS.is_public(),
            quota: Some(U::RATE),
            is_idempotent: U::IDEMPOTENT,
            signs_in: U::SIGNS_IN,
            has_secret_answer: U::SECRET_ANSWER,
            is_use_case: true,
            is_documented: true,
        }
    }

    pub(super) fn open(name: &'static str, method: &'static str, path: &str) -> Self {
        Self {
            interface: "rest",
            method,
            path: path.to_owned(),
            use_case: name,
            use_case_type: name,
            access: Access::anyone().to_string(),
            rate: match address_limit::is_unlimited(path) {
                true => "unlimited".to_owned(),
                false => format!("{}, shared", address_limit::RATE),
            },
            max_body: None,
            public: true,
            quota: None,
            is_idempotent: false,
            signs_in: false,
            has_secret_answer: false,
            is_use_case: false,
            is_documented: true,
        }
    }
}

impl RouteRow {
    /// The row of the request that opens a WebSocket. It is sent by `GET`, and a client may authenticate after it.
    pub(super) fn socket<U: UseCase>(path: &str) -> Self {
        Self {
            public: true,
            is_documented: false,
            is_idempotent: false,
            interface: "ws",
            ..Self::of::<U>("GET", path, false)
        }
    }

    /// The row of what clients request over a WebSocket: the type of the frame and the form of the channel, in place of
    /// method and path. `access` is the policy of the channel.
    pub fn frame<U: UseCase>(frame: &'static str, channel: &str, access: String) -> Self {
        Self {
            is_documented: false,
            is_idempotent: false,
            interface: "ws",
            access,
            ..Self::of::<U>(frame, channel, false)
        }
    }

    /// Whether it is the row of a frame, and no request of its own.
    pub fn is_frame(&self) -> bool {
        self.interface == "ws" && self.method != "GET"
    }

    /// Whether the route supports `Idempotency-Key`. All methods but `POST` are idempotent by themselves.
    pub fn takes_key(&self) -> bool {
        self.is_idempotent && self.method == "POST"
    }

    /// Whether the route ignores credentials: its answer is the same for all callers, or the request itself proves who
    /// the caller is.
    pub fn is_blind(&self) -> bool {
        !self.is_use_case || self.signs_in
    }
}

impl RouteRow {
    /// Maximum size of a request body, for display: `64 KiB`, or `-` where no body is read.
    pub fn body(&self) -> String {
        match self.max_body {
            None => "-".to_owned(),
            Some(bytes) if bytes % 1024 == 0 => format!("{} KiB", bytes / 1024),
            Some(bytes) => format!("{bytes} B"),
        }
    }
}

impl fmt::Display for RouteRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            interface,
            method,
            path,
            use_case,
            access,
            rate,
            ..
        } = self;
        let body = self.body();
        write!(
            f,
            "{interface:<5} {method:<7} {path:<44} {use_case:<24} {access:<20} {body:<8} {rate}"
        )
    }
}

/// The HTTP name of the method.
pub(super) fn method(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Delete => "DELETE",
        HttpMethod::Head => "HEAD",
        HttpMethod::Options => "OPTIONS",
        HttpMethod::Trace => "TRACE",
    }
}

pub(super) fn filter(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Trace => MethodFilter::TRACE,
    }
}
