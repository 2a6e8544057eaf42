//! The repositories against real databases: a fresh SQLite file and a fresh PostgreSQL database for each test.
//!
//! Each module has `cfg(test)` so that clippy allows `unwrap` in its helpers too.

#[cfg(test)]
#[macro_use]
mod harness;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod deferred_writes;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
#[path = "../../../testkit/src/is_ci.rs"]
mod is_ci;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod leftovers;
#[cfg(test)]
mod migrate;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod payments;
#[cfg(test)]
mod permits;
mod personal_data;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod products;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod users;
#[cfg(test)]
mod writes;
