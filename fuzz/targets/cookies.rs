//! Fuzzes `edge::cookies` of this crate.
#![cfg_attr(fuzzing, no_main)]

mainstay_fuzz::target!(mainstay_fuzz::edge::cookies);
