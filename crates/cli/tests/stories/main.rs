//! Stories on the real binary: what people type, what scripts read, and what survives when things go wrong.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test may fail loudly, must be seen when it is skipped, and learns from the environment where a server is"
)]

mod harness;
#[path = "../../../testkit/src/unattended.rs"]
mod unattended;

mod absent;
mod audit;
mod configuration;
mod crash;
mod doctor;
mod exits;
mod full_disk;
mod help;
mod jobs;
mod keys;
mod open_files;
mod races;
mod serving;
mod two_processes;
mod users;
