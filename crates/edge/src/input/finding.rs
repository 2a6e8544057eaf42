//! One mismatch between a JSON document and its type, as the deserializer reports it.

use mainstay_domain::validation::FieldError;
use serde_path_to_error::{Path, Segment};

/// A step of the path into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Field(String),
    Item(usize),
}

/// One finding in a document, and what is needed to continue after it.
#[derive(Debug)]
pub(super) struct JsonFinding {
    pub(super) location: Vec<Step>,
    pub(super) fault: FieldError,
    /// Whether it is an unknown field.
    pub(super) is_surplus: bool,
    /// One of the accepted variants.
    pub(super) variant: Option<String>,
}

impl JsonFinding {
    /// Translates the deserializer's message into a stable code and a text for clients, who do not know the Rust types.
    pub(super) fn of(path: &Path, message: &str) -> Self {
        let message = message
            .rsplit_once(" at line ")
            .map_or(message, |(message, _)| message);
        let mut location: Vec<Step> = path.iter().filter_map(Step::of).collect();
        let (kind, rest) = message.split_once('`').unwrap_or((message, ""));
        let name = rest.split('`').next().unwrap_or_default();
        let expected = message
            .rsplit_once("expected ")
            .map_or("", |(_, expected)| expected);
        let mut variant = None;
        let (code, text) = match kind {
            "missing field " => ("REQUIRED", "is required".to_owned()),
            "unknown field " => ("UNKNOWN_FIELD", "is not known here".to_owned()),
            "duplicate field " => ("DUPLICATE", "is given more than once".to_owned()),
            "unknown variant " => {
                let words: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
                variant = words.first().map(|word| (*word).to_owned());
                ("FORMAT", format!("must be one of {}", words.join(", ")))
            }
            _ if message.starts_with("invalid type") => ("TYPE", format!("must be {}", plain(expected))),
            _ if message.starts_with("invalid value") => ("RANGE", format!("must be {}", plain(expected))),
            _ if message.starts_with("invalid length") => ("LENGTH", format!("must be {}", plain(expected))),
            _ => ("FORMAT", message.to_owned()),
        };
        if matches!(code, "REQUIRED" | "UNKNOWN_FIELD" | "DUPLICATE") {
            let named = Step::Field(name.to_owned());
            if location.last() != Some(&named) || code == "REQUIRED" {
                location.push(named);
            }
        }
        let fault = FieldError::new(spelled(&location), code, text);
        Self {
            location,
            fault,
            is_surplus: code == "UNKNOWN_FIELD",
            variant,
        }
    }
}

impl Step {
    fn of(segment: &Segment) -> Option<Self> {
        match segment {
            Segment::Seq { index } => Some(Self::Item(*index)),
            Segment::Map { key } => Some(Self::Field(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        }
    }
}

/// Formats a path: `items[0].quantity`.
fn spelled(location: &[Step]) -> String {
    let mut text = String::new();
    for step in location {
        match step {
            Step::Item(index) => text.push_str(&format!("[{index}]")),
            Step::Field(name) => {
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(name);
            }
        }
    }
    text
}

/// The expected value, without the names of Rust types.
fn plain(expected: &str) -> &str {
    let mut bytes = expected.bytes();
    match (bytes.next(), bytes.next()) {
        (Some(b'i' | b'u'), Some(b'0'..=b'9')) => "a whole number in range",
        _ if expected.starts_with("struct ") || expected == "a map" => "an object",
        _ if expected == "a sequence" => "a list",
        _ => expected,
    }
}
