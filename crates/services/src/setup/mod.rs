//! The first start: the first administrator, and demo data.

mod administrator;
mod claim;
mod create_admin;
mod demo;
mod link;

pub use claim::ClaimSetup;
pub use create_admin::CreateAdmin;
pub use demo::add_demo;
pub use link::{OpenSetup, setup_link};
