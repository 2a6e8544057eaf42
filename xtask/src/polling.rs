//! Polling until a condition holds.

use std::time::{Duration, Instant};

/// Polls `ready` every 50 ms until it returns `Some` or `limit` has passed; `None` when it never did.
#[expect(
    clippy::disallowed_methods,
    reason = "no async runtime and no frozen clock: the command waits for another process in real time"
)]
pub(crate) fn wait_for<T>(limit: Duration, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        if let Some(answer) = ready() {
            return Some(answer);
        }
        if started.elapsed() >= limit {
            return None;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_the_first_answer() {
        let mut remaining = 2;
        let answer = wait_for(Duration::from_secs(5), || {
            remaining -= 1;
            (remaining == 0).then_some("ready")
        });
        assert_eq!(answer, Some("ready"));
    }

    #[test]
    fn gives_up_at_the_limit() {
        assert_eq!(wait_for(Duration::ZERO, || None::<()>), None);
    }
}
