//! Fuzzes `provider::provider_documents` of this crate.
#![cfg_attr(fuzzing, no_main)]

mainstay_fuzz::target!(mainstay_fuzz::provider::provider_documents);
