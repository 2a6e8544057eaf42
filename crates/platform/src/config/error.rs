//! The errors of an invalid configuration.

use super::origin::Origin;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;

/// One invalid setting: its key, its value, the reason, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigError {
    /// The key as in `mainstay.toml`, e.g. `http.port`; for an error in a file as a whole, its path.
    pub key: String,
    /// The environment variable of that setting.
    pub env: Option<Cow<'static, str>>,
    /// The value with secrets masked; `None` when it must not or cannot be printed.
    pub value: Option<String>,
    /// Where the value came from.
    pub origin: Option<Origin>,
    /// Why it is refused. Never contains the value of a secret.
    pub reason: String,
    /// What to do.
    pub fix: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if let Some(env) = &self.env {
            write!(f, " ({env})")?;
        }
        if let Some(value) = &self.value {
            write!(f, " = {}", Truncated(value))?;
        }
        if let Some(origin) = &self.origin {
            write!(f, ", from {origin}")?;
        }
        write!(f, "\n  why: {}\n  fix: {}", self.reason, self.fix)
    }
}

/// The value quoted, escaped and cut to a line's length.
struct Truncated<'a>(&'a str);

impl fmt::Display for Truncated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_SHOWN_CHARS: usize = 120;
        match self.0.char_indices().nth(MAX_SHOWN_CHARS) {
            Some((end, _)) => write!(f, "{:?}…", &self.0[..end]),
            None => write!(f, "{:?}", self.0),
        }
    }
}

/// All errors of a configuration; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("the configuration has an error")?,
            many => write!(f, "the configuration has {many} errors")?,
        }
        for error in &self.0 {
            write!(f, "\n\n{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
