//! Stories on the real binary: what people type, what scripts read, and what survives when things go wrong.

mod harness;

mod audit;
mod configuration;
mod crash;
mod doctor;
mod exits;
mod full_disk;
mod help;
mod jobs;
mod keys;
mod races;
mod serving;
mod two_processes;
mod users;
