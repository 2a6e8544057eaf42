//! mainstay-platform

pub mod cache;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod limiter;
pub mod open_files;
pub mod stopwatch;
pub mod telemetry;

pub mod database;
