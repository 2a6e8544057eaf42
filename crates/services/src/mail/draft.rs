//! What a mail says, before it is written in a language.

use super::kind::MailKind;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::time::Timestamp;
use mainstay_engine::Secret;
use serde::Serialize;
use std::time::Duration;

/// What a mail says: its kind, which decides the texts, and the values that the texts and the layout show.
pub(super) struct Draft {
    pub(super) kind: MailKind,
    /// The values that the texts name: `{number}`.
    pub(super) values: Vec<(&'static str, Value)>,
    /// The link, whose label is among the texts.
    pub(super) link: Option<Link>,
    /// A code to be typed, shown on a line of its own.
    pub(super) code: Option<Secret<String>>,
    /// Labelled values below the text.
    pub(super) facts: Vec<(Fact, Value)>,
    /// The lines of an order.
    pub(super) order: Option<OrderTable>,
}

/// A value, written by the rules of the mail's language.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Reduced to one line.
    Text(String),
    /// In days, hours or minutes.
    Duration(Duration),
    /// Date and time, to the minute, in UTC.
    Time(Timestamp),
}

/// A link to a page of this deployment. The token follows `#`, so that it reaches no server and no log.
pub(super) struct Link {
    /// Where it leads, without the leading slash.
    pub(super) page: &'static str,
    /// What follows the `#`; `None` for a page that needs no token.
    pub(super) token: Option<Secret<String>>,
}

/// What a labelled value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    /// When it happened.
    Time,
    /// The network address that the request came from.
    Address,
    /// The client's software, as it names itself.
    Device,
}

/// The lines of an order and their total, each as it is shown.
#[derive(Debug, Clone, Serialize)]
pub(super) struct OrderTable {
    pub(super) lines: Vec<OrderLine>,
    pub(super) total: String,
}

/// A line of an order.
#[derive(Debug, Clone, Serialize)]
pub(super) struct OrderLine {
    pub(super) name: String,
    pub(super) sku: String,
    pub(super) quantity: u32,
    pub(super) unit_price: String,
    pub(super) total: String,
}

impl Draft {
    /// A mail without values.
    pub(super) fn new(kind: MailKind) -> Self {
        Self {
            kind,
            values: Vec::new(),
            link: None,
            code: None,
            facts: Vec::new(),
            order: None,
        }
    }

    /// Adds a value that the texts name.
    pub(super) fn value(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name, Value::Text(value.into())));
        self
    }

    /// Adds an instant that the texts name.
    pub(super) fn time(mut self, name: &'static str, time: Timestamp) -> Self {
        self.values.push((name, Value::Time(time)));
        self
    }

    /// Adds a code to be typed, and the value `{valid}`: how long it works.
    pub(super) fn code(mut self, code: &Secret<String>, valid: Duration) -> Self {
        self.values.push(("valid", Value::Duration(valid)));
        self.code = Some(code.clone());
        self
    }

    /// Adds labelled values.
    pub(super) fn facts(self, facts: Vec<(Fact, Value)>) -> Self {
        Self { facts, ..self }
    }

    /// Adds a link with a token that works for the time of its purpose.
    pub(super) fn token(self, purpose: TokenPurpose, token: &Secret<String>) -> Self {
        self.link(purpose, token, purpose.ttl())
    }

    /// Adds a link with a token, and the value `{valid}`: how long it works.
    pub(super) fn link(mut self, purpose: TokenPurpose, token: &Secret<String>, valid: Duration) -> Self {
        self.values.push(("valid", Value::Duration(valid)));
        self.link = Some(Link {
            page: page(purpose),
            token: Some(token.clone()),
        });
        self
    }
}

/// The page that takes the tokens of a purpose.
fn page(purpose: TokenPurpose) -> &'static str {
    match purpose {
        TokenPurpose::VerifyEmail | TokenPurpose::ChangeEmail => "verify-email",
        TokenPurpose::ResetPassword => "reset-password",
        TokenPurpose::Invitation => "invitation",
        TokenPurpose::MagicLink => "magic-link",
        TokenPurpose::Setup => "setup",
        TokenPurpose::SecondFactor
        | TokenPurpose::ProviderSignIn
        | TokenPurpose::PasskeyRegistration
        | TokenPurpose::PasskeySignIn
        | TokenPurpose::PasskeyFactor
        | TokenPurpose::RestoreAccount => "sign-in",
    }
}
