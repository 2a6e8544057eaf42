//! What the fuzz targets share. Each target states what must hold for every input; that nothing panics holds for all.
//!
//! `cargo xtask fuzz` builds them with coverage instrumentation (`--cfg fuzzing`) and runs each for a while. Without
//! that flag this crate and its programs are empty.

/// The main function of a target: calls a function with every input that the fuzzer makes.
#[macro_export]
macro_rules! target {
    ($check:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $check(bytes));

        /// Built without instrumentation, there is nothing to run: see `cargo xtask fuzz`.
        #[cfg(not(fuzzing))]
        fn main() -> std::process::ExitCode {
            std::process::ExitCode::FAILURE
        }
    };
}

#[cfg(fuzzing)]
pub mod domain;
#[cfg(fuzzing)]
pub mod edge;
#[cfg(fuzzing)]
pub mod platform;
#[cfg(fuzzing)]
pub mod provider;
#[cfg(fuzzing)]
pub mod realtime;

/// Calls a check with the input as text, if it is text.
#[cfg(fuzzing)]
pub(crate) fn with_text(bytes: &[u8], check: impl FnOnce(&str)) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        check(text);
    }
}

/// The lines of an input, as bytes.
#[cfg(fuzzing)]
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n')
}
