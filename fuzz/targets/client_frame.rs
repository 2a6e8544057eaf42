//! Fuzzes `realtime::client_frame` of this crate.
#![cfg_attr(fuzzing, no_main)]

mainstay_fuzz::target!(mainstay_fuzz::realtime::client_frame);
