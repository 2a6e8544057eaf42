//! Compression of responses that are long enough.

use crate::answer::tag;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE, VARY};
use http::{Extensions, HeaderMap, HeaderValue, Request, StatusCode, Version};
use std::convert::Infallible;
use tower::{Service, service_fn};
use tower_http::compression::Compression;

/// Shorter responses fit into one packet uncompressed, and compressing 300 bytes costs more than serving them.
const WORTH: u64 = 860;

/// The values of all `Accept-Encoding` lines, joined.
pub(super) fn accepted(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = headers.get_all(ACCEPT_ENCODING).iter();
    let first = lines.next()?.clone();
    lines.try_fold(first, |before, line| {
        HeaderValue::from_bytes(&[before.as_bytes(), b", ", line.as_bytes()].concat()).ok()
    })
}

/// Compresses a text response of sufficient length if the client accepts it, and one of any length if the client
/// refuses the uncompressed form. If the client accepts no available form, it gets the uncompressed one (RFC 9110,
/// 12.5.3).
///
/// Responses with secrets stay uncompressed: their compressed length would leak information (BREACH).
pub(super) async fn compress(
    mut response: Response,
    accepted: Option<HeaderValue>,
    secret: bool,
) -> Response {
    // The media type of the 200 that a 304 stands for is unknown here; the 304 must send the same `Vary` (RFC 9110,
    // 15.4.5).
    let unchanged = response.status() == StatusCode::NOT_MODIFIED;
    if secret || !(unchanged || is_text(&response)) {
        return response;
    }
    // Caches must know that the response depends on `Accept-Encoding`.
    response
        .headers_mut()
        .append(VARY, HeaderValue::from_static("accept-encoding"));
    if unchanged {
        // The router set the length of the empty body; on a 304, `Content-Length` would be that of the 200 (RFC 9110,
        // 8.6).
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    let Some(accepted) = accepted.filter(|_| !unchanged) else {
        return response;
    };
    let size = response.body().size_hint();
    let short = size.upper().is_some_and(|most| most < WORTH);
    let wanted = accepted.to_str().map_or(Wanted::Plain, Wanted::of);
    if wanted == Wanted::Plain || (short && wanted == Wanted::Any) {
        return response;
    }
    let mut request = Request::new(());
    request.headers_mut().insert(ACCEPT_ENCODING, accepted);
    let mut held = Some(response);
    let answer = service_fn(move |_: Request<()>| {
        let response = held.take().unwrap_or_default();
        async move { Ok::<_, Infallible>(response) }
    });
    let always = |_: StatusCode, _: Version, _: &HeaderMap, _: &Extensions| true;
    let mut response = match Compression::new(answer).compress_when(always).call(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    };
    tag::mark_coded(response.headers_mut());
    response
}

/// Which of the available codings a client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Uncompressed only, or nothing that is available.
    Plain,
    /// Compressed or uncompressed.
    Any,
    /// Compressed only.
    Compressed,
}

impl Wanted {
    /// Parses the codings with their weights (RFC 9110, 12.5.3). A coding that is not listed has the weight of `*`.
    fn of(accepted: &str) -> Self {
        let weights: Vec<(&str, bool)> = accepted.split(',').map(weight).collect();
        let weight = |coding: &str| {
            let of = |name: &str| {
                let named = weights.iter().find(|(named, _)| named.eq_ignore_ascii_case(name));
                named.map(|(_, wanted)| *wanted)
            };
            of(coding).or_else(|| of("*"))
        };
        let compressed = ["gzip", "x-gzip", "br", "zstd"]
            .iter()
            .any(|coding| weight(coding) == Some(true));
        match (compressed, weight("identity")) {
            (false, _) => Self::Plain,
            (true, Some(false)) => Self::Compressed,
            (true, _) => Self::Any,
        }
    }
}

/// A coding, and whether its weight is greater than 0.
fn weight(range: &str) -> (&str, bool) {
    let (coding, parameters) = range.split_once(';').unwrap_or((range, ""));
    let weight = parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    let is_nothing = |text: &str| text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let refused = weight.is_some_and(|(_, value)| is_nothing(value.trim()));
    (coding.trim(), !refused)
}

fn is_text(response: &Response) -> bool {
    let headers = response.headers();
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    // Events are sent one by one, and a compressor would wait for more.
    let is_stream = kind.starts_with(b"text/event-stream");
    let text = (kind.starts_with(b"text/") && !is_stream)
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
        assert_eq!(response.status(), StatusCode::OK);
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

    #[tokio::test]
    async fn a_client_that_wants_no_plain_answer_gets_none_if_there_is_another() {
        for (accepted, length, coding) in [
            ("gzip, identity;q=0", 20, Some("gzip")),
            ("br;q=0.1, *;q=0", 20, Some("br")),
            ("identity;q=0", 5000, None),
            ("*;q=0", 5000, None),
            ("gzip;q=0, identity;q=0", 5000, None),
            ("gzip;q=0", 5000, None),
            ("GZIP;Q=0.5", 5000, Some("gzip")),
            ("gzip;q=0.000, br;q=0.001", 5000, Some("br")),
            ("compress, identity", 5000, None),
            ("", 5000, None),
        ] {
            let answered = encoding(length, "application/json", Some(accepted), false).await;
            assert_eq!(answered.as_deref(), coding, "{accepted}");
        }
        let any = encoding(5000, "application/json", Some("*"), false).await;
        assert!(any.is_some());
    }

    #[test]
    fn all_lines_are_read() {
        let lines = ["gzip;q=0", "br"].map(|line| (ACCEPT_ENCODING, HeaderValue::from_static(line)));
        let mut headers = HeaderMap::new();
        assert_eq!(accepted(&headers), None);
        for (name, value) in lines {
            headers.append(name, value);
        }
        assert_eq!(accepted(&headers).unwrap(), "gzip;q=0, br");
    }
}
