//! Accounts and sign-in.

mod login;
mod logout;
mod logout_all;
mod me;
mod opening;
mod password;
mod refresh;
mod register;
mod seed;
mod spelled;
mod tokens;

pub use login::Login;
pub use logout::Logout;
pub use logout_all::LogoutAll;
pub use me::Me;
pub use password::Password;
pub use refresh::Refresh;
pub use register::Register;
pub(crate) use tokens::profile;
pub use tokens::{Profile, Tokens};

pub(crate) use opening::open_session;
