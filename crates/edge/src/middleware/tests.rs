//! Tests of the middleware around routes that need no use case.

mod answers;
mod failures;
mod origins;

use super::{Middleware, MiddlewareParts};
use crate::answer::{Answer, ApiError};
use crate::options::EdgeOptions;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::BodyExt;
use mainstay_domain::Error;
use mainstay_domain::random::Counting;
use mainstay_domain::time::Timestamp;
use mainstay_platform::clock::ManualClock;
use mainstay_platform::config::LogLevel;
use mainstay_platform::telemetry::logs::Logs;
use mainstay_platform::telemetry::{LogSink, Metrics};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

/// The middleware, with its metrics and log captured in memory.
pub(crate) struct TestRouter {
    pub(crate) middleware: Middleware,
    metrics: Arc<Metrics>,
    sink: LogSink,
}

/// A response with its complete body.
struct Recorded {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl TestRouter {
    pub(crate) fn new(router: Router) -> Self {
        let listed = vec!["https://app.example".to_owned()];
        let proxies = vec!["10.0.0.0/8".parse().unwrap()].into();
        Self::with(
            router,
            EdgeOptions {
                allowed_origins: listed,
                trusted_proxies: proxies,
                ..EdgeOptions::default()
            },
        )
    }

    pub(crate) fn with(router: Router, options: EdgeOptions) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000)));
        let (metrics, sink) = (Arc::new(Metrics::new("test")), LogSink::memory());
        let log = Logs::into_sink(sink.clone(), LogLevel::Info, clock.clone()).access_log();
        let random = Arc::new(Counting::default());
        let parts = MiddlewareParts {
            clock,
            random,
            metrics: Arc::clone(&metrics),
            log,
            options,
        };
        Self {
            middleware: Middleware::new(parts, router),
            metrics,
            sink,
        }
    }

    async fn get(&self, request: http::request::Builder) -> Recorded {
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn send(&self, mut request: Request<Body>) -> Recorded {
        request
            .headers_mut()
            .entry("host")
            .or_insert(HeaderValue::from_static("inner:3000"));
        let middleware = self.middleware.of_peer("10.0.0.1".parse().unwrap());
        let (parts, body) = middleware.oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Recorded {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

impl Recorded {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Routes that succeed, fail, panic and exceed the time limit.
fn router() -> Router {
    Router::new()
        .route("/ok", get(async || "fine").post(async || "fine"))
        .route("/long", get(async || "x".repeat(2000)))
        .route(
            "/missing",
            get(async || -> Answer { Err(Error::NotFound.into()) }),
        )
        .route(
            "/bug",
            get(async || -> Answer { Err(Error::bug("the password is hunter2").into()) }),
        )
        .route("/panic", get(panics))
        .route("/slow", get(async || std::future::pending::<Response>().await))
        .route(
            "/busy",
            get(async || {
                ApiError::from(Error::Limited {
                    retry_after: Duration::from_millis(1500),
                })
            }),
        )
}

async fn panics() -> Response {
    panic!("as it has to")
}
