//! Settings with a fixed set of values.

use super::parse::Parsed;

/// The environment a process runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppEnv {
    /// The developer's own machine: convenience before safety.
    Development,
    /// Automated tests.
    Test,
    /// Real users: unsafe settings are refused.
    Production,
}

/// The roles of a process; at least one is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Serves the API; without it the server only answers health checks and `/metrics`.
    pub api: bool,
    /// Runs jobs and relays events.
    pub worker: bool,
    /// Serves channels: WebSockets and event streams.
    pub realtime: bool,
}

impl Roles {
    pub(super) fn parse(text: &str) -> Parsed<Self> {
        let mut roles = Self {
            api: false,
            worker: false,
            realtime: false,
        };
        for role in text.split(',').map(str::trim).filter(|role| !role.is_empty()) {
            match role {
                "api" => roles.api = true,
                "worker" => roles.worker = true,
                "realtime" => roles.realtime = true,
                "all" => {
                    roles = Self {
                        api: true,
                        worker: true,
                        realtime: true,
                    }
                }
                other => return Err(format!("{other:?} is none of api, worker, realtime, all")),
            }
        }
        if roles.api || roles.worker || roles.realtime {
            Ok(roles)
        } else {
            Err("would do nothing".to_owned())
        }
    }
}

/// Whether users must confirm their address before the first sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyEmail {
    /// Confirmation is not required.
    Optional,
    /// Confirmation is required.
    Required,
}

/// What happens when another client retries with a refresh token than the one that it was issued to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshRetry {
    /// The client gets its tokens, the session is marked, and its owner gets a mail.
    Lenient,
    /// The session ends.
    Strict,
}

/// Importance of a log record, most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the usual ones and say it all")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Form of the log lines on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// `Pretty` on a terminal, else `Json`.
    Auto,
    /// One JSON object a line.
    Json,
    /// Lines for reading on a terminal.
    Pretty,
}

/// The payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// No provider: paying answers `UNAVAILABLE`.
    None,
    /// The built-in test gateway: it accepts every card, and no money moves.
    Test,
}
