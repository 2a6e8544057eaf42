//! The use cases, for a command that does not serve.

use crate::error::{CliError, Outcome};
use crate::terminal::complain;
use mainstay_app::{App, Dependencies};
use mainstay_domain::access::SystemCaller;
use mainstay_platform::clock::SystemClock;
use mainstay_platform::config::{LogLevel, Settings};
use mainstay_platform::telemetry::sink::{LogSink, Outputs};
use mainstay_platform::telemetry::{AccessLog, Logs};
use mainstay_services::{RequestContext, Services};
use std::future::Future;
use std::sync::Arc;

/// Runs to the end on a runtime of its own. What is still going on then is left behind.
pub(crate) fn block_on<T>(future: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| CliError::failed(format!("the system gives no threads: {error}")))?;
    let outcome = runtime.block_on(future);
    runtime.shutdown_background();
    outcome
}

/// Opens everything as `serve` does, without listening, and closes it when the work is done. What is not there yet is
/// made.
pub(crate) async fn with_services<T>(
    settings: Settings,
    work: impl AsyncFnOnce(&Services) -> Outcome<T>,
) -> Outcome<T> {
    let (settings, outside, url) = parts(settings)?;
    finish(App::open(settings, outside, url).await?, work).await
}

/// The same on a database that has to be there already: a slip in `DATA_DIR` shall not make another one.
pub(crate) async fn with_existing<T>(
    settings: Settings,
    work: impl AsyncFnOnce(&Services) -> Outcome<T>,
) -> Outcome<T> {
    mainstay_app::ready(&settings).await?;
    with_services(settings, work).await
}

/// The same to look and change nothing.
pub(crate) async fn looking<T>(
    settings: Settings,
    work: impl AsyncFnOnce(&Services) -> Outcome<T>,
) -> Outcome<T> {
    let (settings, outside, url) = parts(settings)?;
    finish(App::read(settings, outside, url).await?, work).await
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

async fn finish<T>(app: App, work: impl AsyncFnOnce(&Services) -> Outcome<T>) -> Outcome<T> {
    let outcome = work(&app.services).await;
    // No sealer runs here, and until the next server starts nobody else might link what was done.
    if let Err(error) = app.services.seal_recorded().await {
        complain(&format!(
            "the audit trail waits to be linked: {}",
            CliError::from(error).into_sentence()
        ));
    }
    app.close().await;
    outcome
}

/// Who asks when somebody at the command line does.
pub(crate) fn operator() -> RequestContext {
    RequestContext::system(SystemCaller::OPERATOR)
}

/// A log of requests, of which there are none.
pub(crate) fn silent() -> Outcome<AccessLog> {
    let (sink, _guard) = LogSink::start(Outputs::default())?;
    Ok(Logs::into_sink(sink, LogLevel::Error, Arc::new(SystemClock)).access_log())
}
