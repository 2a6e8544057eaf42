//! Fuzzes `platform::factor_code` of this crate.
#![cfg_attr(fuzzing, no_main)]

mainstay_fuzz::target!(mainstay_fuzz::platform::factor_code);
