//! Mail: the port that sends it, and templates that are rendered to it.

mod mailer;
mod render;

pub use mailer::{Mailer, Message};
pub use render::{Rendered, Template, Templates, one_line};
