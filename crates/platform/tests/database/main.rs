//! Tests of the database API against real servers and files of both engines.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail loudly, and learns from the environment which server and which part of a child it is"
)]

mod between;
mod contract;
mod durability;
mod failover;
mod fixture;
mod group;
#[path = "../../../testkit/src/is_ci.rs"]
mod is_ci;
mod late;
mod outage;
mod postgres;
mod storage;
mod tls;
mod two_processes;
mod values;
