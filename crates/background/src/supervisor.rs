//! Begins a loop anew when it panics: a fault in one turn must not end all that come after it.

use futures_util::FutureExt as _;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The wait before a loop is begun anew, so that one that panics at once does not fill the log.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs a loop until it ends by itself. Each beginning is a new loop: nothing of the one that panicked is kept. What
/// the panic said is in the log already, by the panic hook.
pub(crate) async fn watch<F>(name: &'static str, stop: CancellationToken, begin: impl Fn() -> F + Send)
where
    F: Future<Output = ()> + Send,
{
    while AssertUnwindSafe(begin()).catch_unwind().await.is_err() {
        tracing::error!(task = name, "panicked, and is begun anew");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    /// A loop that panics so many times before it ends.
    fn panics(
        times: u32,
        begun: &Arc<AtomicU32>,
    ) -> impl Fn() -> futures_util::future::BoxFuture<'static, ()> + use<> {
        let begun = Arc::clone(begun);
        move || {
            let nth = begun.fetch_add(1, SeqCst);
            Box::pin(async move { assert!(nth >= times, "a test's own panic") })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_panics_is_begun_anew_and_one_that_ends_is_not() {
        let begun = Arc::new(AtomicU32::new(0));
        watch("test", CancellationToken::new(), panics(3, &begun)).await;
        assert_eq!(begun.load(SeqCst), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_begun_after_the_stop() {
        let (begun, stop) = (Arc::new(AtomicU32::new(0)), CancellationToken::new());
        stop.cancel();
        watch("test", stop, panics(u32::MAX, &begun)).await;
        assert_eq!(begun.load(SeqCst), 1);
    }
}
