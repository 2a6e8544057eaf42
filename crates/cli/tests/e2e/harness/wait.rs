//! Waiting for a condition.

use std::future::Future;
use std::time::Duration;

/// Polls until the condition returns a value; panics when it has not within the deadline.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    deadline: Duration,
    mut poll: impl FnMut() -> F,
) -> T {
    let polling = async {
        // A pause between two polls, so that the server is not kept busy by them.
        let mut pause = tokio::time::interval(Duration::from_millis(10));
        loop {
            pause.tick().await;
            if let Some(answer) = poll().await {
                return answer;
            }
        }
    };
    match tokio::time::timeout(deadline, polling).await {
        Ok(answer) => answer,
        Err(_) => panic!("not within {deadline:?}: {what}"),
    }
}
