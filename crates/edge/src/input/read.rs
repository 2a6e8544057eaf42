//! Reads request bodies: reserves their memory first, and enforces a time limit.

use super::idempotency;
use crate::answer::ApiError;
use crate::budget::{Exhausted, Reservation};
use crate::request_state::RequestState;
use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt;
use mainstay_domain::Error;
use mainstay_platform::crypto::sha256;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Minimum time to receive a body, however small its limit is ...
const LEAST_TIME: Duration = Duration::from_secs(10);
/// ... and the bytes for which one second is added: 128 kbit/s.
const BYTES_A_SECOND: usize = 16 * 1024;
/// How long the server goes on reading a refused body. The client's TCP stack would discard the response if the
/// connection were closed while the client is still sending.
const LINGER: Duration = Duration::from_secs(2);
/// Maximum bytes of a refused body that are read and discarded.
const MAX_DISCARDED: usize = 16 * 1024 * 1024;

/// Reads a body of at most `limit` bytes. Its bytes stay reserved until the request is answered.
pub(super) async fn read(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    let request_state = Arc::clone(RequestState::of(request.extensions())?);
    // Only idempotent requests need a digest.
    let is_repeatable = idempotency::is_requested(request.method(), request.headers());
    let announced = announced(request.headers());
    let is_sending = !request.headers().contains_key(EXPECT);
    let body = request.into_body();
    if announced.is_some_and(|length| length > limit) {
        return Err(refuse(body, ApiError::TooLarge(limit), is_sending));
    }
    let Ok(mut reservation) = request_state.reserve_body(announced.unwrap_or(0)) else {
        return Err(refuse(body, ApiError::Busy, is_sending));
    };
    let bounds = Bounds {
        limit,
        reserved: announced,
    };
    let time = LEAST_TIME + Duration::from_secs((limit / BYTES_A_SECOND) as u64);
    let bytes = timeout(time, collect(body, bounds, &mut reservation))
        .await
        .map_err(|_elapsed| too_slow(time))??;
    request_state.keep_body(reservation);
    if is_repeatable {
        request_state.set_fingerprint(sha256(&bytes));
    }
    Ok(bytes)
}

/// The body length that the client announces in `Content-Length`.
fn announced(headers: &HeaderMap) -> Option<usize> {
    let length = headers.get(CONTENT_LENGTH).map(HeaderValue::to_str)?.ok()?;
    // A length that overflows exceeds any limit.
    Some(length.parse().unwrap_or(usize::MAX))
}

fn too_slow(time: Duration) -> ApiError {
    let seconds = time.as_secs();
    Error::BadRequest(format!(
        "the request body came too slowly: send the whole of it within {seconds} seconds"
    ))
    .into()
}

/// Limits of one body.
struct Bounds {
    limit: usize,
    /// Bytes already reserved for the body, which it does not exceed; `None`: each chunk reserves its own.
    reserved: Option<usize>,
}

async fn collect(mut body: Body, bounds: Bounds, reservation: &mut Reservation) -> Result<Bytes, ApiError> {
    let mut bytes = Pieces::default();
    while let Some(data) = next(&mut body).await? {
        if bytes.len() + data.len() > bounds.limit {
            return Err(refuse(body, ApiError::TooLarge(bounds.limit), true));
        }
        if bounds.reserved.is_none()
            && let Err(Exhausted) = reservation.grow(data.len())
        {
            return Err(refuse(body, ApiError::Busy, true));
        }
        bytes.add(data);
    }
    Ok(bytes.whole())
}

/// Refuses a body at once, and for a while discards what the client is still sending of it.
fn refuse(mut body: Body, api_error: ApiError, is_sending: bool) -> ApiError {
    if is_sending {
        let discard = async move {
            let mut ignored = 0;
            while ignored <= MAX_DISCARDED
                && let Ok(Some(data)) = next(&mut body).await
            {
                ignored += data.len();
            }
        };
        tokio::spawn(timeout(LINGER, discard));
    }
    api_error
}

/// The next chunk of a body.
async fn next(body: &mut Body) -> Result<Option<Bytes>, ApiError> {
    while let Some(frame) = body.frame().await {
        let ended = |_| Error::BadRequest("the request body ended early".to_owned());
        if let Ok(data) = frame.map_err(ended)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// The chunks of a body so far. Most bodies arrive in one chunk, which is not copied.
#[derive(Default)]
struct Pieces {
    first: Bytes,
    all: Vec<u8>,
}

impl Pieces {
    fn len(&self) -> usize {
        self.first.len().max(self.all.len())
    }

    fn add(&mut self, data: Bytes) {
        if self.first.is_empty() {
            self.first = data;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&data);
    }

    fn whole(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.into()
        }
    }
}
