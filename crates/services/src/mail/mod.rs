//! Mail: its content, and the jobs that send it.
//!
//! Each mail has three templates in `templates/`: subject, text and HTML. What they render to is stored in
//! `expected/`, so that a review shows every change of a mail.

mod order_paid;
mod send_order_mail;
mod templates;

pub use order_paid::OrderPaid;
pub use send_order_mail::SendOrderMail;
