//! Fuzzes `platform::device_token` of this crate.
#![cfg_attr(fuzzing, no_main)]

mainstay_fuzz::target!(mainstay_fuzz::platform::device_token);
