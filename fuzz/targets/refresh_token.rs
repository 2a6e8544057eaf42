//! Fuzzes `platform::refresh_token` of this crate.
#![cfg_attr(fuzzing, no_main)]

mainstay_fuzz::target!(mainstay_fuzz::platform::refresh_token);
