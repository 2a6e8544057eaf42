//! Fuzzes `platform::api_key` of this crate.
#![cfg_attr(fuzzing, no_main)]

mainstay_fuzz::target!(mainstay_fuzz::platform::api_key);
