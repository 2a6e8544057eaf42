//! Background jobs, as administrators list and retry them.

mod list;
mod retry;

pub use list::ListJobs;
pub use retry::RetryJob;
