//! Fuzzes `edge::form` of this crate.
#![cfg_attr(fuzzing, no_main)]

mainstay_fuzz::target!(mainstay_fuzz::edge::form);
