//! Fuzzes `realtime::stream_position` of this crate.
#![cfg_attr(fuzzing, no_main)]

mainstay_fuzz::target!(mainstay_fuzz::realtime::stream_position);
