//! Restarts a loop when it panics: a bug in one run must not end all later ones.

use futures_util::FutureExt as _;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Delay before a restart, so that a loop that panics at once does not fill the log.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs a loop until it returns. Each restart creates a new loop and keeps no state of the one that panicked. The panic
/// hook has already logged the panic message.
pub(crate) async fn watch<F>(name: &'static str, stop: CancellationToken, start: impl Fn() -> F + Send)
where
    F: Future<Output = ()> + Send,
{
    while AssertUnwindSafe(start()).catch_unwind().await.is_err() {
        tracing::error!(task = name, "the task panicked and is restarted");
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

    /// A loop that panics `times` times before it returns.
    fn panics(
        times: u32,
        starts: &Arc<AtomicU32>,
    ) -> impl Fn() -> futures_util::future::BoxFuture<'static, ()> + use<> {
        let starts = Arc::clone(starts);
        move || {
            let nth = starts.fetch_add(1, SeqCst);
            Box::pin(async move { assert!(nth >= times, "a test's own panic") })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_panics_is_restarted_and_one_that_returns_is_not() {
        let starts = Arc::new(AtomicU32::new(0));
        watch("test", CancellationToken::new(), panics(3, &starts)).await;
        assert_eq!(starts.load(SeqCst), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_is_not_restarted_after_the_stop() {
        let (starts, stop) = (Arc::new(AtomicU32::new(0)), CancellationToken::new());
        stop.cancel();
        watch("test", stop, panics(u32::MAX, &starts)).await;
        assert_eq!(starts.load(SeqCst), 1);
    }
}
