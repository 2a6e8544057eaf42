//! Renders mail. A missing value is an error and never an empty string; HTML is escaped.

use mainstay_domain::{Error, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

/// A mail that can be rendered: its name and the source of each part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// Unique, in lower case, such as `welcome`; shown in the messages of errors.
    pub name: &'static str,
    /// Rendered to the subject, which is reduced to one line.
    pub subject: &'static str,
    /// Rendered to the plain-text body.
    pub text: &'static str,
    /// Rendered to the HTML body; values are escaped.
    pub html: &'static str,
}

impl Template {
    /// The names and sources of the three parts. What ends in `.html` is escaped.
    fn parts(&self) -> [(String, &'static str); 3] {
        [
            (format!("{}.subject.txt", self.name), self.subject),
            (format!("{}.txt", self.name), self.text),
            (format!("{}.html", self.name), self.html),
        ]
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

impl Templates {
    /// Compiles templates.
    ///
    /// # Errors
    /// An internal error when a template cannot be compiled; a test compiles every template of the program.
    pub fn compile(mails: &[Template]) -> Result<Self> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        let mut syntax = SyntaxConfig::builder();
        // A line that contains only a tag produces no output line.
        syntax
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true);
        templates.set_syntax(syntax.build().map_err(Error::internal)?);
        for (name, text) in mails.iter().flat_map(Template::parts) {
            templates
                .add_template_owned(name, text)
                .map_err(Error::internal)?;
        }
        Ok(Self(templates))
    }

    /// Renders a mail. Values are inserted as text and never read as templates.
    ///
    /// # Errors
    /// An internal error when a value is missing, or the template is not one of those that were compiled.
    pub fn render(&self, template: &Template, values: &impl Serialize) -> Result<Rendered> {
        let values = Value::from(Serde(values));
        let write = |(name, _): (String, &str)| self.0.get_template(&name)?.render(&values);
        let [subject, text, html] = template.parts().map(write);
        Ok(Rendered {
            subject: one_line(&subject.map_err(Error::internal)?),
            text: text.map_err(Error::internal)?,
            html: html.map_err(Error::internal)?,
        })
    }
}

/// The text without line breaks and other control characters; runs of white space become one space.
pub fn one_line(text: &str) -> String {
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

    const WELCOME: Template = Template {
        name: "welcome",
        subject: "Welcome,\n{{ name }}",
        text: "Hello {{ name }}",
        html: "<p>{{ name }}</p>",
    };

    #[test]
    fn html_is_escaped_and_a_subject_is_one_line() {
        let templates = Templates::compile(&[WELCOME]).unwrap();
        let mail = templates.render(&WELCOME, &json!({"name": "<b>\nAda"})).unwrap();
        assert_eq!(mail.subject, "Welcome, <b> Ada");
        assert_eq!(mail.text, "Hello <b>\nAda");
        assert_eq!(mail.html, "<p>&lt;b&gt;\nAda</p>");
    }

    #[test]
    fn a_missing_value_and_a_missing_template_are_errors() {
        let templates = Templates::compile(&[WELCOME]).unwrap();
        let error = templates.render(&WELCOME, &json!({})).unwrap_err();
        assert_eq!(error.code(), Code::InternalError);
        let other = Template {
            name: "other",
            ..WELCOME
        };
        assert!(templates.render(&other, &json!({"name": "Ada"})).is_err());
        let broken = Template {
            text: "{{ name",
            ..WELCOME
        };
        assert!(Templates::compile(&[broken]).is_err());
    }

    #[test]
    fn one_line_removes_line_breaks() {
        assert_eq!(one_line(" a\r\nBcc: b\u{2028}\u{85} c\0d "), "a Bcc: b c d");
        assert_eq!(one_line("\r\n"), "");
    }
}
