//! The repositories against real databases: a fresh SQLite file and a fresh PostgreSQL database for each test.

#[macro_use]
mod harness;
mod fixtures;

mod audit;
mod jobs;
mod leftovers;
mod migrate;
mod orders;
mod paging;
mod payments;
mod plans;
mod products;
mod schema;
mod sessions;
mod statements;
mod tail;
mod users;
