//! `mainstay serve`: serves until a signal stops it.

use crate::error::{CliError, Exit, Outcome};
use crate::open::block_on;
use crate::signals::Signals;
use crate::terminal::print_line;
use clap::Args;
use mainstay_app::{App, Dependencies, Instance, Serving, listen};
use mainstay_platform::clock::SystemClock;
use mainstay_platform::config::{AppEnv, Settings};
use mainstay_platform::telemetry::{AccessLog, LogSink, Logs};
use std::sync::Arc;

/// Options of `serve`.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Options {
    /// Add a few products and a customer as sample data
    #[arg(long)]
    pub(crate) demo: bool,
}

impl Options {
    /// Merges the options of the two positions on the command line.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            demo: self.demo || other.demo,
        }
    }
}

/// Serves until SIGTERM, SIGINT or SIGQUIT, then finishes open work. A second signal ends the process at once.
pub(crate) fn run(app: &App, settings: Settings, options: Options) -> Outcome {
    if options.demo && settings.env == AppEnv::Production {
        return Err(CliError::usage(
            "--demo is refused in production (APP_ENV): it adds a customer with a published password",
        ));
    }
    let logs = Logs::open(&settings.log, Arc::new(SystemClock));
    let logs =
        logs.map_err(|error| CliError::usage(format!("the log files cannot be written (LOG_DIR): {error}")))?;
    logs.install();
    if settings.env == AppEnv::Production {
        for caution in settings.cautions() {
            let name = caution.env.as_deref().unwrap_or(&caution.key);
            tracing::warn!(fix = caution.fix, "{name} {}", caution.reason);
        }
    }
    let outcome = block_on(serve(
        app,
        Arc::new(settings),
        (logs.access_log(), logs.sink().clone()),
        options,
    ));
    // Dropped last, so that the log also contains the shutdown.
    drop(logs);
    outcome
}

async fn serve(
    app: &App,
    settings: Arc<Settings>,
    (access_log, sink): (AccessLog, LogSink),
    options: Options,
) -> Outcome {
    let mut signals = Signals::listen(sink)?;
    let roles = settings.roles;
    // A stop signal must not wait until the database responds.
    let mut serving = tokio::select! {
        serving = start(app, settings, access_log) => serving?,
        name = signals.end() => {
            tracing::info!(signal = name, "stopped before it was ready");
            return Ok(Exit::Done);
        }
    };
    greet(&serving, options, roles.api).await?;
    let name = tokio::select! {
        name = signals.end() => name,
        why = serving.failed() => return Err(CliError::failed(format!("the server failed: {why}"))),
    };
    tracing::info!(
        signal = name,
        "stopping: open requests and running jobs are finished first"
    );
    tokio::select! {
        () = serving.stop() => {
            tracing::info!("stopped");
            Ok(Exit::Done)
        }
        name = signals.end() => Err(CliError::failed(format!("a second signal ({name}): stopped at once"))),
    }
}

async fn start(app: &App, settings: Arc<Settings>, access_log: AccessLog) -> Outcome<Serving> {
    let (listening, url) = listen(&settings).await?;
    let outside = Dependencies::real(&settings, access_log)?;
    let instance = Instance::open(app, settings, outside, url).await?;
    Ok(Serving::start(instance, listening).await?)
}

/// Prints the listen address, which scripts wait for, and what the first visitor needs. These lines are for people and
/// go to standard output whatever the form of the logs; none of them begins with a brace, as JSON log lines do.
async fn greet(serving: &Serving, options: Options, answers: bool) -> Outcome<()> {
    let demo = match options.demo {
        true => Some(mainstay_services::setup::add_demo(serving.engine().pipeline()).await?),
        false => None,
    };
    // A process that does not serve the API cannot serve the link either.
    let link = match answers {
        true => mainstay_services::setup::setup_link(serving.engine().pipeline()).await?,
        false => None,
    };
    print_line(&format!("listening on http://{}", serving.address()))?;
    if let Some(link) = link {
        print_line(&format!("create the first administrator: {link}"))?;
    }
    if let Some((email, password)) = demo {
        print_line(&format!("demo customer: {email} with the password {password}"))?;
    }
    Ok(())
}
