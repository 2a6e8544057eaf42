//! The platform: configuration, database access, cryptography, rate limits, cache, clock and telemetry.

pub mod cache;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod files;
pub mod keyed_semaphore;
pub mod limiter;
pub mod network;
pub mod open_files;
pub mod stopwatch;
pub mod telemetry;

pub mod database;
