//! Waiting for the thing itself.

use std::future::Future;
use std::time::Duration;

/// Asks again and again until there is an answer; panics when there is none in time.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    deadline: Duration,
    mut ask: impl FnMut() -> F,
) -> T {
    let asking = async {
        // Between two questions the one who is asked shall get to do something else.
        let mut pause = tokio::time::interval(Duration::from_millis(10));
        loop {
            pause.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    match tokio::time::timeout(deadline, asking).await {
        Ok(answer) => answer,
        Err(_) => panic!("not within {deadline:?}: {what}"),
    }
}
