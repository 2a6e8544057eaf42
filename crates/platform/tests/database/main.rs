//! The seam over the two databases, tested against both of them as they really are.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail loudly, and learns from the environment which server and which part of a child it is"
)]

mod between;
mod contract;
mod failover;
mod fixture;
mod group;
mod outage;
mod postgres;
mod storage;
mod tls;
mod two_processes;
#[path = "../../../testkit/src/is_ci.rs"]
mod unattended;
mod values;
