//! Compression of answers that are worth it.

use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, SET_COOKIE, VARY};
use http::{HeaderValue, Request};
use std::convert::Infallible;
use tower::{Service, service_fn};
use tower_http::compression::Compression;

/// Smaller answers fit into a packet as they are, and compressing 300 bytes costs more than answering them.
const WORTH: u64 = 860;

/// Compresses an answer, if that is worth it and the client accepts it.
///
/// Answers with secrets are left alone: their length under compression would tell about them (BREACH).
pub(super) async fn compress(response: Response, accepted: Option<HeaderValue>, secret: bool) -> Response {
    let size = response.body().size_hint();
    if secret || size.upper().is_some_and(|most| most < WORTH) || !is_text(&response) {
        return response;
    }
    let Some(accepted) = accepted else {
        return varying(response);
    };
    let mut request = Request::new(());
    request.headers_mut().insert(ACCEPT_ENCODING, accepted);
    let mut held = Some(response);
    let answer = service_fn(move |_: Request<()>| {
        let response = held.take().unwrap_or_default();
        async move { Ok::<_, Infallible>(response) }
    });
    match Compression::new(answer).call(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

/// A cache must know that other clients get another form.
fn varying(mut response: Response) -> Response {
    response
        .headers_mut()
        .append(VARY, HeaderValue::from_static("accept-encoding"));
    response
}

fn is_text(response: &Response) -> bool {
    let headers = response.headers();
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let text = kind.starts_with(b"text/")
        || kind.starts_with(b"application/json")
        || kind.starts_with(b"application/javascript")
        || kind.starts_with(b"image/svg+xml");
    text && !headers.contains_key(CONTENT_ENCODING) && !headers.contains_key(SET_COOKIE)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn encoding(
        length: usize,
        kind: &'static str,
        accepted: Option<&'static str>,
        secret: bool,
    ) -> Option<String> {
        let mut response = Response::new(Body::from("x".repeat(length)));
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        let response = compress(response, accepted.map(HeaderValue::from_static), secret).await;
        response
            .headers()
            .get(CONTENT_ENCODING)
            .map(|value| value.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn only_long_texts_without_secrets_are_compressed() {
        assert_eq!(
            encoding(860, "application/json", Some("gzip"), false)
                .await
                .as_deref(),
            Some("gzip")
        );
        assert_eq!(
            encoding(5000, "text/html; charset=utf-8", Some("br"), false)
                .await
                .as_deref(),
            Some("br")
        );
        assert_eq!(encoding(859, "application/json", Some("gzip"), false).await, None);
        assert_eq!(encoding(5000, "application/json", Some("gzip"), true).await, None);
        assert_eq!(encoding(5000, "application/json", None, false).await, None);
        assert_eq!(
            encoding(5000, "application/json", Some("identity"), false).await,
            None
        );
        assert_eq!(encoding(5000, "image/png", Some("gzip"), false).await, None);
    }
}
