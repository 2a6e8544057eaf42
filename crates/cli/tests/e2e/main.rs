//! End-to-end tests of the binary: its commands, its output for scripts, and its behaviour after crashes.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test may panic, prints when it is skipped, and reads the server's address from the environment"
)]

mod harness;
#[path = "../../../testkit/src/is_ci.rs"]
mod is_ci;

mod absent;
mod accounts_page;
mod audit;
mod configuration;
mod crash;
mod doctor;
mod exits;
mod files;
mod full_disk;
mod help;
mod jobs;
mod keys;
mod mail;
mod master_key;
mod open_files;
mod races;
mod serving;
mod signals;
mod two_processes;
mod users;
