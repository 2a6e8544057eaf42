//! Accounts and sign-in.

mod end_session;
mod end_sessions;
mod list_sessions;
mod login;
mod logout;
mod logout_all;
mod me;
mod one_time;
mod opening;
mod password;
mod presented;
mod refresh;
mod register;
mod second_factor;
mod seed;
mod sign_in;
mod step_up;
mod tokens;
pub(crate) mod tries;

use crate::spelled;

pub use end_session::EndSession;
pub use list_sessions::{ListSessions, OwnSession};
pub use login::Login;
pub use logout::Logout;
pub use logout_all::LogoutAll;
pub use me::Me;
pub use password::Password;
pub use refresh::{Refresh, Refreshed, WrittenRefresh};
pub use register::Register;
pub use sign_in::{FactorRequest, SignIn, WrittenSignIn};
pub use step_up::{StepUp, require_step_up};
pub(crate) use tokens::profile;
pub use tokens::{OpenedSession, Profile, Tokens};
pub use tries::ConcurrentTries;

pub(crate) use end_sessions::end_sessions_of;
pub(crate) use one_time::{NewToken, consume, issue};
pub(crate) use opening::open_session;
