//! The access log: one line per request.

use super::sink::{LogSink, LogTarget};
use super::style::Style;
use crate::config::LogLevel;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use serde::Serialize;
use std::borrow::Cow;
use std::cell::RefCell;
use std::io::Write as _;
use std::net::IpAddr;
use tracing::Level;

/// The logged fields of a request. Query, headers and bodies are left out: they may contain secrets.
#[derive(Debug, Clone)]
pub struct RequestLine<'a> {
    /// When the response was sent.
    pub at: Timestamp,
    /// HTTP method.
    pub method: &'a str,
    /// Pattern of the matched route, e.g. `/api/orders/{id}`; `None` when no route matched.
    pub route: Option<&'a str>,
    /// The requested path. A query string in it is cut off.
    pub path: &'a str,
    /// HTTP status of the response; from 500 on the line is an error.
    pub status: u16,
    /// From the first byte of the request to the head of the response, in microseconds.
    pub duration_us: u64,
    /// The client's address, behind trusted proxies.
    pub ip: IpAddr,
    /// The signed-in user.
    pub user: Option<UserId>,
    /// Kind of caller: `anonymous`, `user`, `apiKey`, `system`.
    pub caller: &'a str,
    /// As in `X-Request-Id`.
    pub request_id: &'a str,
    /// Statements sent to the database.
    pub queries: u32,
    /// Time spent executing them, in microseconds.
    pub database_us: u64,
    /// Bytes of the response body, when known.
    pub bytes: Option<u64>,
    /// Code of the error response, e.g. `NOT_FOUND`.
    pub error: Option<&'a str>,
}

/// The serialised form; the names are those of other log records (see `logs`).
#[derive(Serialize)]
struct Json<'a> {
    timestamp: Timestamp,
    level: &'static str,
    message: &'static str,
    target: &'static str,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'a str>,
    path: &'a str,
    status: u16,
    duration_us: u64,
    ip: IpAddr,
    caller: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    request_id: &'a str,
    queries: u32,
    database_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// Writes request lines. Cheap to clone.
#[derive(Clone)]
pub struct AccessLog {
    sink: LogSink,
    style: Style,
    level: LogLevel,
}

thread_local! {
    /// Lines are formatted in this buffer, so that formatting needs neither an allocation nor a lock.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl AccessLog {
    pub(super) fn new(sink: LogSink, style: Style, level: LogLevel) -> Self {
        Self { sink, style, level }
    }

    /// A log that discards all lines: for an embedded application that logs by itself.
    pub fn off() -> Self {
        Self::new(LogSink::memory(), Style::Json, LogLevel::Error)
    }

    /// Logs a request. Takes about a microsecond of the caller's time and never waits for an output.
    pub fn record(&self, request: &RequestLine<'_>) {
        let (level, needed) = match request.status {
            500.. => (Level::ERROR, LogLevel::Error),
            _ => (Level::INFO, LogLevel::Info),
        };
        if needed > self.level {
            return;
        }
        let json = |line: &mut Vec<u8>| serde_json::to_writer(line, &Json::of(request, level)).is_ok();
        match self.style {
            Style::Json => self.write(LogTarget::All, level, json),
            Style::Pretty { colour } => {
                self.write(LogTarget::Console, level, |line| {
                    pretty(line, request, colour).is_ok()
                });
                if self.sink.has_files() {
                    self.write(LogTarget::Files, level, json);
                }
            }
        }
    }

    fn write(&self, target: LogTarget, level: Level, make: impl FnOnce(&mut Vec<u8>) -> bool) {
        LINE.with_borrow_mut(|line| {
            line.clear();
            if make(line) {
                line.push(b'\n');
                self.sink.write(target, level, line);
            }
        });
    }
}

impl RequestLine<'_> {
    fn bare_path(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

impl<'a> Json<'a> {
    fn of(request: &'a RequestLine<'a>, level: Level) -> Self {
        Self {
            timestamp: request.at,
            level: level.as_str(),
            message: "request",
            target: "access",
            method: request.method,
            route: request.route,
            path: request.bare_path(),
            status: request.status,
            duration_us: request.duration_us,
            ip: request.ip,
            caller: request.caller,
            user: request.user,
            request_id: request.request_id,
            queries: request.queries,
            database_us: request.database_us,
            bytes: request.bytes,
            error: request.error,
        }
    }
}

/// `2026-11-22T10:00:00.000Z  GET /api/orders 200 1.234ms id=… user=… NOT_FOUND`
fn pretty(line: &mut Vec<u8>, request: &RequestLine<'_>, colour: bool) -> std::io::Result<()> {
    let (start, end) = match (colour, request.status) {
        (false, _) => ("", ""),
        (true, ..400) => ("\x1b[32m", "\x1b[0m"),
        (true, 400..500) => ("\x1b[33m", "\x1b[0m"),
        (true, _) => ("\x1b[31m", "\x1b[0m"),
    };
    let RequestLine {
        at,
        method,
        status,
        duration_us,
        request_id,
        ..
    } = request;
    let (ms, us) = (duration_us / 1000, duration_us % 1000);
    let path = printable(request.bare_path());
    write!(
        line,
        "{at} {method:>6} {path} {start}{status}{end} {ms}.{us:03}ms id={}",
        printable(request_id)
    )?;
    if let Some(user) = request.user {
        write!(line, " user={user}")?;
    }
    match request.error {
        Some(error) => write!(line, " {error}"),
        None => Ok(()),
    }
}

/// Escapes control characters, which could forge a line or control the terminal.
fn printable(text: &str) -> Cow<'_, str> {
    match text.contains(char::is_control) {
        true => text.escape_debug().to_string().into(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn line<'a>() -> RequestLine<'a> {
        RequestLine {
            at: Timestamp::parse("2026-11-22T10:00:00.25Z").unwrap(),
            method: "GET",
            route: Some("/api/orders/{id}"),
            path: "/api/orders/0199?token=hunter2",
            status: 200,
            duration_us: 1_234,
            ip: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
            user: Some("0199b1f4-7c00-7000-8000-000000000001".parse().unwrap()),
            caller: "user",
            request_id: "r-1",
            queries: 2,
            database_us: 310,
            bytes: Some(512),
            error: None,
        }
    }

    fn record(style: Style, level: LogLevel, line: &RequestLine<'_>) -> [String; 3] {
        let sink = LogSink::memory();
        AccessLog::new(sink.clone(), style, level).record(line);
        sink.take()
    }

    #[test]
    fn a_request_is_one_json_line_without_its_query() {
        let [console, combined, errors] = record(Style::Json, LogLevel::Info, &line());
        let expected = concat!(
            r#"{"timestamp":"2026-11-22T10:00:00.250Z","level":"INFO","message":"request","target":"access","method":"GET","#,
            r#""route":"/api/orders/{id}","path":"/api/orders/0199","status":200,"duration_us":1234,"ip":"192.0.2.7","#,
            r#""caller":"user","user":"0199b1f4-7c00-7000-8000-000000000001","request_id":"r-1","queries":2,"#,
            r#""database_us":310,"bytes":512}"#,
            "\n"
        );
        assert_eq!(
            (console.as_str(), combined.as_str(), errors.as_str()),
            (expected, expected, "")
        );
    }

    #[test]
    fn server_failures_are_errors_and_low_levels_log_only_errors() {
        let failed = RequestLine {
            status: 503,
            error: Some("UNAVAILABLE"),
            route: None,
            user: None,
            ..line()
        };
        let [console, _, errors] = record(Style::Json, LogLevel::Error, &failed);
        assert_eq!(console, errors);
        assert!(
            errors.contains(r#""level":"ERROR""#) && errors.contains(r#""error":"UNAVAILABLE""#),
            "{errors}"
        );
        assert_eq!(record(Style::Json, LogLevel::Warn, &line()), [""; 3]);
    }

    #[test]
    fn pretty_lines_cannot_be_forged() {
        let forged = RequestLine {
            path: "/a\n\u{1b}[2Jb",
            status: 404,
            error: Some("NOT_FOUND"),
            ..line()
        };
        let [console, combined, _] = record(Style::Pretty { colour: false }, LogLevel::Info, &forged);
        assert_eq!(
            console,
            "2026-11-22T10:00:00.250Z    GET /a\\n\\u{1b}[2Jb 404 1.234ms id=r-1 user=0199b1f4-7c00-7000-8000-000000000001 NOT_FOUND\n"
        );
        assert_eq!(combined.matches('\n').count(), 1);
        let [coloured, ..] = record(Style::Pretty { colour: true }, LogLevel::Info, &forged);
        assert!(coloured.contains("\u{1b}[33m404\u{1b}[0m"), "{coloured}");
    }
}
