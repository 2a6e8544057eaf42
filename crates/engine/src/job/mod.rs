//! Background jobs: stored in the transaction that requests them, executed by a worker through a use case.

mod dead;
pub mod registry;
pub mod runner;
pub(crate) mod sealed;
mod spec;

pub use registry::JobRegistry;
pub use runner::{JobResult, JobRunner};
pub use sealed::SealedPayload;
pub(crate) use spec::new_job;
pub use spec::{BackgroundJob, JobSpec};
