//! The handshake of WebSockets (RFC 6455, 4.2).

use crate::answer::ApiError;
use crate::connections::state::OpenRequest;
use crate::cookies;
use crate::credential;
use crate::entry::{Credential, CredentialUse, Entry};
use crate::live_caller::LiveCaller;
use crate::request_state::RequestState;
use crate::route_state::RouteState;
use aws_lc_rs::digest;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    ACCEPT_LANGUAGE, CONNECTION, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE, USER_AGENT,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use mainstay_domain::error::Denied;
use mainstay_domain::{Error, Result};
use mainstay_engine::Origin;
use std::fmt;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// What a server appends to the client's key (RFC 6455, 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A request to open a WebSocket. The extractor checks the handshake and resolves the credential of its head; a page of
/// another site may not use the cookie of its visitor.
pub struct SocketRequest {
    accept: HeaderValue,
    upgrade: OnUpgrade,
    connection: Option<OpenRequest>,
    caller: LiveCaller,
    presented: Result<bool>,
    route_state: RouteState,
}

/// An open connection, after the handshake.
pub trait SocketStream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> SocketStream for S {}

/// What a connection begins with.
pub struct OpenedSocket<S> {
    /// The connection.
    pub stream: S,
    /// The caller; anonymous unless `presented` is `Ok(true)`.
    pub caller: LiveCaller,
    /// Whether the head of the request had a valid credential; without one, the client authenticates by its first frame.
    /// An error for a credential that is not accepted.
    pub presented: Result<bool>,
}

impl FromRequestParts<RouteState> for SocketRequest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, route_state: &RouteState) -> Result<Self, ApiError> {
        let request_state = Arc::clone(RequestState::of(&parts.extensions)?);
        request_state.set_route(route_state);
        let accept = handshake(parts)?;
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let upgrade = upgrade.ok_or_else(|| bad("the connection cannot be upgraded"))?;
        let secure = route_state.options().secure_cookies;
        let credential = credential::find(&parts.headers, secure);
        let is_ambient = matches!(credential, Credential::Ambient(_));
        // A browser always sends the origin of the page that opens the socket.
        if is_ambient && (request_state.is_foreign() || !parts.headers.contains_key(ORIGIN)) {
            return Err(Error::Denied(Denied::Csrf).into());
        }
        let origin = Origin::new(Some(request_state.ip()), text(&parts.headers, &USER_AGENT))
            .preferring(text(&parts.headers, &ACCEPT_LANGUAGE).unwrap_or_default())
            .with_device(cookies::device(&parts.headers, secure));
        let engine = route_state.engine().clone();
        let mut caller = LiveCaller::anonymous(
            engine.clone(),
            origin.clone(),
            Arc::clone(request_state.request_id()),
        );
        let presented = match credential {
            Credential::None => Ok(false),
            credential => {
                let entry = Entry {
                    credential,
                    origin,
                    request_id: Arc::clone(request_state.request_id()),
                    is_foreign: false,
                    deadline: request_state.deadline(),
                    idempotency: None,
                    notes: Arc::clone(request_state.notes()),
                };
                let entered = entry.authenticate(&engine, CredentialUse::Required, route_state.operation());
                match entered.await {
                    Ok(cx) => {
                        request_state.identify(&cx.caller);
                        caller = LiveCaller::new(engine, cx);
                        Ok(true)
                    }
                    Err(error) if LiveCaller::is_refusal(&error) => Err(error),
                    Err(error) => return Err(error.into()),
                }
            }
        };
        Ok(Self {
            accept,
            upgrade,
            connection: request_state.begin_upgraded(),
            caller,
            presented,
            route_state: route_state.clone(),
        })
    }
}

impl SocketRequest {
    /// The route of the handler.
    pub fn route_state(&self) -> &RouteState {
        &self.route_state
    }

    /// Answers 101, and runs a function over the connection as soon as the client has the answer.
    pub fn open<F, R>(self, run: F) -> Response
    where
        F: FnOnce(OpenedSocket<TokioIo<hyper::upgrade::Upgraded>>) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let Self {
            accept,
            upgrade,
            connection,
            caller,
            presented,
            ..
        } = self;
        tokio::spawn(async move {
            // The client went away before it had the answer.
            let Ok(upgraded) = upgrade.await else { return };
            let stream = TokioIo::new(upgraded);
            run(OpenedSocket {
                stream,
                caller,
                presented,
            })
            .await;
            drop(connection);
        });
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        response
    }
}

/// Checks the handshake; returns the value of `Sec-WebSocket-Accept`.
fn handshake(parts: &Parts) -> Result<HeaderValue> {
    let headers = &parts.headers;
    if parts.version != Version::HTTP_11 {
        return Err(bad("a WebSocket is opened over HTTP/1.1"));
    }
    if !lists(headers, &CONNECTION, "upgrade") || !lists(headers, &UPGRADE, "websocket") {
        return Err(bad(
            "this is a WebSocket: send Connection: Upgrade and Upgrade: websocket",
        ));
    }
    if text(headers, &SEC_WEBSOCKET_VERSION) != Some("13") {
        return Err(bad("Sec-WebSocket-Version must be 13"));
    }
    let key = text(headers, &SEC_WEBSOCKET_KEY).unwrap_or_default();
    if STANDARD.decode(key).map_or(0, |bytes| bytes.len()) != 16 {
        return Err(bad("Sec-WebSocket-Key must be 16 bytes in base64"));
    }
    let accept = STANDARD.encode(digest::digest(
        &digest::SHA1_FOR_LEGACY_USE_ONLY,
        &[key.as_bytes(), GUID].concat(),
    ));
    HeaderValue::try_from(accept).map_err(Error::internal)
}

fn bad(message: &str) -> Error {
    Error::BadRequest(message.to_owned())
}

/// Whether a comma-separated header contains a word.
fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .any(|listed| listed.trim().eq_ignore_ascii_case(word))
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

impl fmt::Debug for SocketRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketRequest({:?})", self.caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(lines: &[(&'static str, &str)]) -> Result<HeaderValue> {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        for (name, value) in lines {
            parts
                .headers
                .append(HeaderName::from_static(name), value.parse().unwrap());
        }
        handshake(&parts)
    }

    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        let example = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        assert_eq!(accepted(&example).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for without in 0..example.len() {
            let mut lines = example.to_vec();
            lines.remove(without);
            assert!(accepted(&lines).is_err(), "{without}");
        }
    }
}
