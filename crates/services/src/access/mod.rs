//! Who is asking and what they may do, as of this instant, without asking the database.

pub mod authenticator;
pub mod directory;
pub mod refresh;
