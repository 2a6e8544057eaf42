//! Panics as log records.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;

/// Replaces the standard hook, which would print the whole message to standard error.
pub(super) fn install() {
    std::panic::set_hook(Box::new(|panic| record(panic, &Backtrace::capture())));
}

fn record(panic: &PanicHookInfo<'_>, backtrace: &Backtrace) {
    let location = panic.location().map(ToString::to_string);
    let thread = std::thread::current();
    // With RUST_BACKTRACE only; symbols and lines, no values.
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(
        target: "panic",
        reason = summary(panic.payload()),
        location,
        thread = thread.name(),
        backtrace,
        "panicked",
    );
}

/// The part of a panic's message that may be logged. A literal is logged in full. A formatted message may contain a
/// secret (the value in an `Err` that was unwrapped, the sides of an `assert_eq`), so only the text before the first
/// colon or line end is.
fn summary(payload: &(dyn Any + Send)) -> &str {
    if let Some(literal) = payload.downcast_ref::<&'static str>() {
        return literal;
    }
    let text = payload.downcast_ref::<String>().map_or("", String::as_str);
    text.split(['\n', ':']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LogLevel;
    use crate::telemetry::{LogSink, Logs};
    use tracing_subscriber::layer::SubscriberExt as _;

    fn logged_summary<T: std::fmt::Debug>(panic: impl FnOnce() -> T + std::panic::UnwindSafe) -> String {
        let payload = std::panic::catch_unwind(panic).unwrap_err();
        summary(&*payload).to_owned()
    }

    #[test]
    fn a_panic_is_logged_without_the_values_in_it() {
        let token = std::hint::black_box("hunter2");
        assert_eq!(
            logged_summary::<()>(|| panic!("the literal: all of it")),
            "the literal: all of it"
        );
        assert_eq!(
            logged_summary(|| token
                .parse::<u8>()
                .map_err(|_| token)
                .expect("the key was checked")),
            "the key was checked"
        );
        assert_eq!(
            logged_summary(|| assert_eq!(token, "other")),
            "assertion `left == right` failed"
        );
        assert_eq!(logged_summary(|| vec![1][token.len()]), "index out of bounds");
        assert_eq!(logged_summary::<()>(|| std::panic::panic_any(7)), "");
    }

    #[test]
    fn a_panic_is_one_error_record_with_its_location() {
        let clock = std::sync::Arc::new(crate::clock::SystemClock);
        let logs = Logs::into_sink(LogSink::memory(), LogLevel::Error, clock);
        let before = std::panic::take_hook();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(logs.layer()), || {
            install();
            logged_summary::<()>(|| panic!("no luck: {}", std::hint::black_box("hunter2")));
        });
        std::panic::set_hook(before);
        let [console, _, errors] = logs.sink().take();
        assert_eq!((console.matches('\n').count(), &console), (1, &errors));
        assert!(
            console.contains(r#""level":"ERROR","message":"panicked","reason":"no luck","#),
            "{console}"
        );
        assert!(
            console.contains("panics.rs:") && !console.contains("hunter2"),
            "{console}"
        );
    }
}
