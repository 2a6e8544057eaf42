//! Fuzzes `platform::password_hash` of this crate.
#![cfg_attr(fuzzing, no_main)]

mainstay_fuzz::target!(mainstay_fuzz::platform::password_hash);
