//! Opens the use cases for a command that does not serve.

use crate::error::{CliError, Outcome};
use crate::terminal::print_error;
use mainstay_app::{App, Dependencies, Instance};
use mainstay_domain::access::SystemCaller;
use mainstay_engine::{Engine, RequestContext};
use mainstay_platform::clock::SystemClock;
use mainstay_platform::config::{LogLevel, Settings};
use mainstay_platform::telemetry::sink::{LogSink, Outputs};
use mainstay_platform::telemetry::{AccessLog, Logs};
use std::future::Future;
use std::sync::Arc;

/// Runs a future to its end on a runtime of its own. Tasks that still run then are abandoned.
pub(crate) fn block_on<T>(future: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| CliError::failed(format!("the system cannot start threads: {error}")))?;
    let outcome = runtime.block_on(future);
    runtime.shutdown_background();
    outcome
}

/// Opens everything as `serve` does, without listening, and closes it when the work is done. Creates whatever is
/// missing.
pub(crate) async fn with_engine<T>(
    app: &App,
    settings: Settings,
    work: impl AsyncFnOnce(&Engine) -> Outcome<T>,
) -> Outcome<T> {
    let (settings, outside, url) = parts(settings)?;
    finish(app, Instance::open(app, settings, outside, url).await?, work).await
}

/// The same on a database that must exist already: a typo in `DATA_DIR` must not create another one.
pub(crate) async fn with_existing<T>(
    app: &App,
    settings: Settings,
    work: impl AsyncFnOnce(&Engine) -> Outcome<T>,
) -> Outcome<T> {
    mainstay_app::ready(app, &settings).await?;
    with_engine(app, settings, work).await
}

/// The same for reading only, without any change.
pub(crate) async fn with_read_only<T>(
    app: &App,
    settings: Settings,
    work: impl AsyncFnOnce(&Engine) -> Outcome<T>,
) -> Outcome<T> {
    let (settings, outside, url) = parts(settings)?;
    finish(app, Instance::read(app, settings, outside, url).await?, work).await
}

fn parts(settings: Settings) -> Outcome<(Arc<Settings>, Dependencies, String)> {
    let outside = Dependencies::real(&settings, silent()?)?;
    let http = &settings.http;
    let url = http
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{}:{}", http.host, http.port));
    Ok((Arc::new(settings), outside, url))
}

async fn finish<T>(
    app: &App,
    instance: Instance,
    work: impl AsyncFnOnce(&Engine) -> Outcome<T>,
) -> Outcome<T> {
    let outcome = work(&instance.engine).await;
    // No sealer runs here, and until the next server starts no other process might seal the new audit entries.
    if let Err(error) = instance.engine.audit_sealer().seal_recorded().await {
        let reason = CliError::from(error).into_sentence();
        print_error(
            app.name(),
            &format!("new audit entries are not linked yet: {reason}"),
        );
    }
    instance.close().await;
    outcome
}

/// The request context of an operator at the command line.
pub(crate) fn operator() -> RequestContext {
    RequestContext::system(SystemCaller::OPERATOR)
}

/// An access log without outputs, because there are no requests.
pub(crate) fn silent() -> Outcome<AccessLog> {
    let (sink, _guard) = LogSink::start(Outputs::default())?;
    Ok(Logs::into_sink(sink, LogLevel::Error, Arc::new(SystemClock)).access_log())
}
