//! Sets `tracing` up: JSON or pretty lines on the console, and JSON in `error.log` and `combined.log`.

use super::access_log::AccessLog;
use super::panics;
use super::rotation::{Limits, RotatingFile};
use super::sink::{LogGuard, LogSink, LogTarget, Outputs};
use super::style::Style;
use crate::config::{Log, LogFormat, LogLevel};
use mainstay_domain::time::Clock;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

/// The logs of a process. Dropping it writes the remaining lines, so drop it last.
pub struct Logs {
    sink: LogSink,
    style: Style,
    level: LogLevel,
    clock: Arc<dyn Clock>,
    _guard: Option<LogGuard>,
}

impl Logs {
    /// Opens standard output and, when a folder is set, its files.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be created or opened.
    pub fn open(settings: &Log, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let style = match settings.format {
            LogFormat::Json => Style::Json,
            LogFormat::Auto if !terminal => Style::Json,
            LogFormat::Pretty | LogFormat::Auto => Style::Pretty { colour: terminal },
        };
        let file = |name: &str| -> io::Result<Option<Box<dyn Write + Send>>> {
            let Some(dir) = &settings.dir else { return Ok(None) };
            let file = RotatingFile::open(dir, name, Limits::default(), Arc::clone(&clock))?;
            Ok(Some(Box::new(file)))
        };
        let (combined, errors) = (file("combined.log")?, file("error.log")?);
        let (sink, guard) = LogSink::start(Outputs {
            console: Some(Box::new(stdout)),
            combined,
            errors,
        })?;
        Ok(Self {
            sink,
            style,
            level: settings.level,
            clock,
            _guard: Some(guard),
        })
    }

    /// JSON lines of this level and above into `sink`: for tests.
    pub fn into_sink(sink: LogSink, level: LogLevel, clock: Arc<dyn Clock>) -> Self {
        Self {
            sink,
            style: Style::Json,
            level,
            clock,
            _guard: None,
        }
    }

    /// Makes these the logs of the whole process, and enables logging of panics. A second call has no effect.
    /// With further layers, such as one for traces, use [`Logs::layer`] and [`Logs::catch_panics`].
    pub fn install(&self) {
        // Refused only when a subscriber is installed already; that one stays in place.
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(self.layer()));
        self.catch_panics();
    }

    /// From now on a panic is one ERROR record instead of text on standard error. The record contains only the part of
    /// the message that cannot hold a secret.
    pub fn catch_panics(&self) {
        panics::install();
    }

    /// The layer that writes `tracing` events as log lines, filtered by level.
    pub fn layer<S>(&self) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let json = |log_target| {
            tracing_subscriber::fmt::layer()
                .json()
                .flatten_event(true)
                .with_span_list(false)
                .with_timer(Timer(Arc::clone(&self.clock)))
                .with_writer(Lines {
                    sink: self.sink.clone(),
                    log_target,
                })
        };
        let filter = filter(self.level);
        let Style::Pretty { colour } = self.style else {
            return json(LogTarget::All).with_filter(filter).boxed();
        };
        let pretty = tracing_subscriber::fmt::layer()
            .compact()
            .with_ansi(colour)
            .with_timer(Timer(Arc::clone(&self.clock)))
            .with_writer(Lines {
                sink: self.sink.clone(),
                log_target: LogTarget::Console,
            });
        match self.sink.has_files() {
            true => pretty
                .and_then(json(LogTarget::Files))
                .with_filter(filter)
                .boxed(),
            false => pretty.with_filter(filter).boxed(),
        }
    }

    /// The access log, which writes to the same outputs.
    pub fn access_log(&self) -> AccessLog {
        AccessLog::new(self.sink.clone(), self.style, self.level)
    }

    /// The sink of the lines; for [`LogSink::flush`] and [`LogSink::dropped`].
    pub fn sink(&self) -> &LogSink {
        &self.sink
    }
}

/// Libraries that log every frame or statement below WARN are logged at those levels only at `trace`.
fn filter(level: LogLevel) -> Targets {
    const TALKATIVE: [&str; 8] = [
        "h2",
        "hyper",
        "hyper_util",
        "lettre",
        "refinery_core",
        "reqwest",
        "rustls",
        "tokio_postgres",
    ];
    let own = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let others = if level == LogLevel::Trace {
        own
    } else {
        own.min(LevelFilter::WARN)
    };
    Targets::new()
        .with_default(own)
        .with_targets(TALKATIVE.map(|target| (target, others)))
}

struct Timer(Arc<dyn Clock>);

impl FormatTime for Timer {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{}", self.0.now())
    }
}

/// Passes each record on as one line; the formatter writes a record in one piece.
struct Lines {
    sink: LogSink,
    log_target: LogTarget,
}

struct Line<'a>(&'a Lines, Level);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self, Level::INFO)
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line<'a> {
        Line(self, *meta.level())
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.sink.write(self.0.log_target, self.1, line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use mainstay_domain::time::Timestamp;

    fn clock() -> Arc<dyn Clock> {
        Arc::new(ManualClock::new(
            Timestamp::parse("2026-11-22T10:00:00Z").unwrap(),
        ))
    }

    fn records(logs: &Logs, emit: impl FnOnce()) -> [String; 3] {
        tracing::subscriber::with_default(tracing_subscriber::registry().with(logs.layer()), emit);
        logs.sink.take()
    }

    #[test]
    fn records_are_flat_json_with_their_span_and_errors_go_to_both_files() {
        let logs = Logs::into_sink(LogSink::memory(), LogLevel::Info, clock());
        let [console, combined, errors] = records(&logs, || {
            let _span = tracing::info_span!("job", id = 7).entered();
            tracing::info!(target: "shop", items = 2, "order placed");
            tracing::error!(target: "shop", "lost");
            tracing::debug!(target: "shop", "not recorded");
            tracing::info!(target: "hyper::proto", "not recorded either");
        });
        let first = r#"{"timestamp":"2026-11-22T10:00:00.000Z","level":"INFO","message":"order placed","items":2,"target":"shop","span":{"id":7,"name":"job"}}"#;
        let second = r#"{"timestamp":"2026-11-22T10:00:00.000Z","level":"ERROR","message":"lost","target":"shop","span":{"id":7,"name":"job"}}"#;
        assert_eq!(console, format!("{first}\n{second}\n"));
        assert_eq!((combined, errors), (console, format!("{second}\n")));
    }

    #[test]
    fn people_get_pretty_lines_and_files_stay_json() {
        let style = Style::Pretty { colour: false };
        let logs = Logs {
            style,
            ..Logs::into_sink(LogSink::memory(), LogLevel::Warn, clock())
        };
        let [console, combined, errors] = records(&logs, || {
            tracing::warn!(target: "shop", left = 1, "low \u{1b}[31mstock");
            tracing::info!(target: "shop", "not recorded");
        });
        assert_eq!(
            console,
            "2026-11-22T10:00:00.000Z  WARN shop: low \\x1b[31mstock left=1\n"
        );
        assert!(
            combined.starts_with('{') && combined.matches('\n').count() == 1 && errors.is_empty(),
            "{combined}"
        );
    }

    #[test]
    fn a_folder_gets_both_files() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Log {
            level: LogLevel::Info,
            format: LogFormat::Json,
            dir: Some(dir.path().join("logs")),
        };
        let logs = Logs::open(&settings, clock()).unwrap();
        logs.sink().write(LogTarget::Files, Level::INFO, b"one\n");
        logs.sink().write(LogTarget::Files, Level::ERROR, b"two\n");
        drop(logs);
        let read = |name: &str| std::fs::read_to_string(dir.path().join("logs").join(name)).unwrap();
        assert_eq!(
            (read("combined.log").as_str(), read("error.log").as_str()),
            ("one\ntwo\n", "two\n")
        );

        let impossible = Log {
            dir: Some(dir.path().join("logs/error.log")),
            ..settings
        };
        assert!(Logs::open(&impossible, clock()).is_err());
    }
}
