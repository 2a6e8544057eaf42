//! Fuzzes `platform::one_time_token` of this crate.
#![cfg_attr(fuzzing, no_main)]

mainstay_fuzz::target!(mainstay_fuzz::platform::one_time_token);
