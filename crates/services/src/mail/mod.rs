//! Mail: what it says, in which language, and the jobs that send it.
//!
//! Every mail has a [`MailKind`]. Its texts stand in [`texts`], in every language; the layout, as text and as HTML, in
//! `templates/`. What the samples render to is stored in `expected/`, so that a review shows every change of a mail.
//!
//! A new mail is a variant of [`MailKind`] and of [`AccountMail`], with texts and a sample: the compiler asks for each.

mod account_mail;
mod draft;
mod kind;
mod layout;
mod message;
mod order_paid;
mod recipient;
mod samples;
mod send_account_mail;
mod send_order_mail;
mod texts;

pub(crate) use account_mail::AccountMail;
pub use account_mail::RequestFacts;
pub use kind::MailKind;
pub use recipient::Recipient;
pub use samples::preview;
pub use send_account_mail::SendAccountMail;
pub(crate) use send_account_mail::send;
pub use send_order_mail::SendOrderMail;
