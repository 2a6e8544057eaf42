//! Fuzzes `edge::idempotency_key` of this crate.
#![cfg_attr(fuzzing, no_main)]

mainstay_fuzz::target!(mainstay_fuzz::edge::idempotency_key);
