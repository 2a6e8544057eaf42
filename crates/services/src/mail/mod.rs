//! Mail to people: what it says, and the jobs that send it.
//!
//! Texts stand in `templates/`, three to a mail: subject, text and HTML. What they render to is kept in
//! `expected/`, so that a change of a mail is seen in review.

mod order_paid;
mod render;
mod send_order_mail;

pub use order_paid::OrderPaid;
pub use render::{Rendered, Template, Templates};
pub use send_order_mail::SendOrderMail;
