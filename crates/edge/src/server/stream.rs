//! The transport of a connection.

use crate::connections::Slot;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that owns the registration of its connection, and records while the client does not read.
pub(super) struct TrackedStream<S> {
    stream: S,
    slot: Slot,
}

impl<S> TrackedStream<S> {
    pub(super) fn new(stream: S, slot: Slot) -> Self {
        Self { stream, slot }
    }

    fn note<T>(&self, poll: Poll<T>) -> Poll<T> {
        self.slot.state.set_write_blocked(poll.is_pending());
        poll
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TrackedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TrackedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.note(poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::Connections;
    use mainstay_platform::config::TrustedProxies;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_noted_until_it_reads() {
        let all = Arc::new(Connections::new(1, 1, TrustedProxies::default()));
        let slot = all.admit("192.0.2.1".parse().unwrap()).unwrap();
        let state = Arc::clone(&slot.state);
        let (ours, mut theirs) = tokio::io::duplex(4);
        let mut stream = TrackedStream::new(ours, slot);
        stream.write_all(&[7; 4]).await.unwrap();
        assert_eq!(state.ages().stalled, None);
        let stuck = tokio::spawn(async move {
            stream.write_all(&[7; 4]).await.unwrap();
            stream
        });
        while state.ages().stalled.is_none() {
            tokio::task::yield_now().await;
        }
        theirs.read_exact(&mut [0; 8]).await.unwrap();
        drop(stuck.await.unwrap());
        assert_eq!(state.ages().stalled, None);
        assert_eq!(all.count(), 0, "the place is free when the transport is gone");
    }
}
