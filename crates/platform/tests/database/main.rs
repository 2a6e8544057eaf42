//! The seam over the two databases, tested against both of them as they really are.

mod contract;
mod group;
mod house;
mod postgres;
mod storage;
mod two_processes;
mod values;
