//! Bodies of responses that are being sent.

use crate::connections::state::{HeldResponse, OpenRequest};
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Size of the chunks for the transport: its request for the next one proves that the client reads.
const CHUNK_BYTES: usize = 16 * 1024;

/// A response body that tracks whether its client reads.
///
/// HTTP/2 requests the next chunk only once the client has made room for the last one, and keeps the bytes in memory
/// until the client accepts them. So the bytes themselves own the [`HeldResponse`]: they stay counted until the
/// transport has dropped the last of them, not only until it received them.
#[derive(Debug)]
pub struct OutgoingBody {
    inner: Body,
    rest: Bytes,
    held: Option<Arc<HeldResponse>>,
    _request: Option<OpenRequest>,
}

impl OutgoingBody {
    pub(crate) fn new(inner: Body, request: Option<OpenRequest>, held: Option<HeldResponse>) -> Self {
        Self {
            inner,
            rest: Bytes::new(),
            held: held.map(Arc::new),
            _request: request,
        }
    }

    /// The next chunk of the bytes that the handler has produced.
    fn piece(&mut self, held: &HeldResponse) -> Frame<Bytes> {
        held.waits_for_client();
        let length = self.rest.len().min(CHUNK_BYTES);
        Frame::data(self.rest.split_to(length))
    }
}

/// Bytes of a response that stay counted until they are dropped.
struct CountedBytes {
    bytes: Bytes,
    _held: Arc<HeldResponse>,
}

impl AsRef<[u8]> for CountedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for OutgoingBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let Some(held) = this.held.clone() else {
            return Pin::new(&mut this.inner).poll_frame(cx);
        };
        if !this.rest.is_empty() {
            return Poll::Ready(Some(Ok(this.piece(&held))));
        }
        held.waits_for_handler();
        let frame = match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            end => {
                // Earlier chunks may still be buffered in the transport.
                held.waits_for_client();
                return Poll::Ready(end);
            }
        };
        Poll::Ready(Some(Ok(match frame.into_data() {
            Ok(bytes) => {
                this.rest = Bytes::from_owner(CountedBytes {
                    bytes,
                    _held: Arc::clone(&held),
                });
                this.piece(&held)
            }
            Err(trailers) => {
                held.waits_for_client();
                trailers
            }
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.inner.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(inner.lower() + rest);
        hint
    }
}
