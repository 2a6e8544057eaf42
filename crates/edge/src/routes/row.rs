//! One line of the table of routes.

use crate::middleware::address_limit;
use axum::routing::MethodFilter;
use mainstay_domain::access::{Access, Rate};
use mainstay_services::UseCase;
use serde::Serialize;
use std::fmt;
use utoipa::openapi::path::HttpMethod;

/// One line of the table of routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteRow {
    /// Through which door.
    pub interface: &'static str,
    /// The method.
    pub method: &'static str,
    /// The pattern of the path.
    pub path: String,
    /// The use case, or the name of an operation that is none.
    pub use_case: &'static str,
    /// Who may.
    pub access: String,
    /// How often.
    pub rate: String,
    /// Bytes that the body of a request may have; `None` where no body is read.
    pub max_body: Option<usize>,
    /// Whether nobody has to sign in.
    pub public: bool,
    /// The same as `rate`, for programs; `None`: no limit of its own.
    #[serde(skip)]
    pub quota: Option<Rate>,
    /// Whether it is a use case, and may answer what use cases answer.
    #[serde(skip)]
    pub is_use_case: bool,
    /// Whether the OpenAPI document lists it. Pages for browsers, with their scripts and styles, are no part of the API.
    #[serde(rename = "documented")]
    pub is_documented: bool,
}

impl RouteRow {
    /// The row of a use case; `has_body` says whether the handler reads one.
    pub(super) fn of<U: UseCase>(method: &'static str, path: &str, has_body: bool) -> Self {
        Self {
            max_body: has_body.then_some(U::MAX_BODY),
            interface: "rest",
            method,
            path: path.to_owned(),
            use_case: U::NAME,
            access: U::ACCESS.to_string(),
            rate: U::RATE.to_string(),
            public: U::ACCESS.is_public(),
            quota: Some(U::RATE),
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
            access: Access::anyone().to_string(),
            rate: match address_limit::is_unlimited(path) {
                true => "unlimited".to_owned(),
                false => format!("{}, shared", address_limit::RATE),
            },
            max_body: None,
            public: true,
            quota: None,
            is_use_case: false,
            is_documented: true,
        }
    }
}

impl RouteRow {
    /// Whether repetitions of a request with an `Idempotency-Key` are one. Where answers hold secrets, which are never
    /// stored, a key means nothing.
    pub fn takes_key(&self) -> bool {
        self.is_use_case && self.method == "POST" && !self.path.starts_with("/api/auth/")
    }

    /// True where credentials are not even looked at: sign-in must work for whoever still holds an old token.
    pub fn is_blind(&self) -> bool {
        self.public && (!self.is_use_case || self.path.starts_with("/api/auth/"))
    }
}

impl RouteRow {
    /// How large the body of a request may be, for people: `64 KiB`, or `-` where no body is read.
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

/// The method's name as HTTP writes it.
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
