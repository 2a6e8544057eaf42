//! Waiting for something outside to become true.

use std::time::{Duration, Instant};

/// Asks `ready` until it answers `Some` or `limit` has passed; `None` when it never did.
#[expect(
    clippy::disallowed_methods,
    reason = "no runtime, no frozen clock: a chore waits for another process in real time"
)]
pub(crate) fn wait_for<T>(limit: Duration, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        if let Some(answer) = ready() {
            return Some(answer);
        }
        if began.elapsed() >= limit {
            return None;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_first_answer() {
        let mut left = 2;
        let answer = wait_for(Duration::from_secs(5), || {
            left -= 1;
            (left == 0).then_some("ready")
        });
        assert_eq!(answer, Some("ready"));
    }

    #[test]
    fn gives_up_at_the_limit() {
        assert_eq!(wait_for(Duration::ZERO, || None::<()>), None);
    }
}
