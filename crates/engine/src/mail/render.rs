//! Renders mail. A missing value is an error and never an empty string; HTML is escaped.

use mainstay_domain::{Error, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use std::sync::LazyLock;

/// The mails that can be rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// Confirms to the buyer that the order is paid. Values: [`super::OrderPaid`].
    OrderPaid,
}

impl Template {
    /// Every mail.
    pub const ALL: [Self; 1] = [Self::OrderPaid];

    fn parts(self) -> &'static [(&'static str, &'static str); 3] {
        match self {
            Self::OrderPaid => &[
                (
                    "order_paid.subject.txt",
                    include_str!("templates/order_paid.subject.txt"),
                ),
                ("order_paid.txt", include_str!("templates/order_paid.txt")),
                // What ends in `.html` is escaped.
                ("order_paid.html", include_str!("templates/order_paid.html")),
            ],
        }
    }
}

/// A rendered mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject, without line breaks.
    pub subject: String,
    /// The plain-text body.
    pub text: String,
    /// The HTML body.
    pub html: String,
}

/// The compiled templates.
pub struct Templates(Environment<'static>);

/// The templates are part of the program, so they are compiled once.
static COMPILED: LazyLock<Templates> = LazyLock::new(Templates::new);

impl Templates {
    /// The templates of this program.
    pub fn compiled() -> &'static Self {
        &COMPILED
    }

    /// Compiles all templates.
    fn new() -> Self {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        let mut syntax = SyntaxConfig::builder();
        // A line that contains only a tag produces no output line.
        syntax
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true);
        templates.set_syntax(syntax.build().expect("no delimiter was changed"));
        for (name, text) in Template::ALL.into_iter().flat_map(Template::parts) {
            templates
                .add_template(name, text)
                .expect("a test compiles every template");
        }
        Self(templates)
    }

    /// Renders a mail. Values are inserted as text and never read as templates.
    ///
    /// # Errors
    /// An internal error when a value is missing.
    pub fn render(&self, template: Template, values: &impl Serialize) -> Result<Rendered> {
        let values = Value::from(Serde(values));
        let write = |&(name, _): &(&str, &str)| self.0.get_template(name)?.render(&values);
        let [subject, text, html] = template.parts().each_ref().map(write);
        Ok(Rendered {
            subject: one_line(&subject.map_err(Error::internal)?),
            text: text.map_err(Error::internal)?,
            html: html.map_err(Error::internal)?,
        })
    }
}

/// The text without line breaks and other control characters; runs of white space become one space.
pub(super) fn one_line(text: &str) -> String {
    let words = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::error::Code;
    use serde_json::json;

    #[test]
    fn a_missing_value_is_an_error() {
        for template in Template::ALL {
            let error = Templates::compiled()
                .render(template, &json!({"number": "1"}))
                .unwrap_err();
            assert_eq!(error.code(), Code::InternalError, "{template:?}");
        }
    }

    #[test]
    fn one_line_removes_line_breaks() {
        assert_eq!(one_line(" a\r\nBcc: b\u{2028}\u{85} c\0d "), "a Bcc: b c d");
        assert_eq!(one_line("\r\n"), "");
    }
}
