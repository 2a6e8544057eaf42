//! Serves: listens, runs background tasks, and drains on shutdown.

use crate::error::StartError;
use crate::open::Instance;
use mainstay_background::{Background, BackgroundOptions};
use mainstay_edge::server::Listening;
use mainstay_edge::{EdgeOptions, Middleware, MiddlewareParts};
use mainstay_engine::Engine;
use mainstay_platform::config::Settings;
use mainstay_platform::open_files::OpenFiles;
use mainstay_realtime::Hub;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Binds the configured address, and returns its URL. Called first, so that links contain the port
/// when the configured port is 0.
///
/// # Errors
/// The address is in use or not one of this machine.
pub async fn listen(settings: &Settings) -> Result<(Listening, String), StartError> {
    let (host, port) = (&settings.http.host, settings.http.port);
    let listening = Listening::on(host, port)
        .await
        .map_err(|cause| StartError::Listen {
            address: format!("{host}:{port}"),
            cause,
        })?;
    let url = settings
        .http
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{}", listening.address()));
    Ok((listening, url))
}

/// A process that serves, until it is stopped.
pub struct Serving {
    instance: Instance,
    address: SocketAddr,
    stop: CancellationToken,
    server: JoinHandle<()>,
    realtime: Option<JoinHandle<()>>,
    background: Option<Background>,
}

impl Serving {
    /// Serves requests, and runs the background tasks of `ROLES`. Without the roles `api`
    /// and `realtime` it only answers health checks and `/metrics`.
    ///
    /// # Errors
    /// The address of the metrics is in use or not one of this machine.
    pub async fn start(instance: Instance, listening: Listening) -> Result<Self, StartError> {
        let options = BackgroundOptions {
            worker: instance.settings.roles.worker,
            grace: instance.settings.http.shutdown_timeout,
            ..BackgroundOptions::default()
        };
        let periodic = instance.app.periodic_tasks();
        let background = Background::start(&instance.engine, &options, periodic);
        let mut serving = Self::start_without_background(instance, listening);
        serving.background = Some(background);
        if let Some(address) = serving.instance.settings.metrics_addr {
            let metrics = Arc::clone(&serving.instance.engine.node().metrics);
            crate::metrics::serve(address, metrics, serving.stop.clone()).await?;
        }
        Ok(serving)
    }

    /// Serves requests only; the test runs background work itself.
    pub fn start_without_background(instance: Instance, listening: Listening) -> Self {
        let address = listening.address();
        let stop = CancellationToken::new();
        let grace = instance.settings.http.shutdown_timeout;
        let server = tokio::spawn(listening.serve(middleware(&instance), stop.clone(), grace));
        let realtime = instance
            .settings
            .roles
            .realtime
            .then(|| realtime(&instance, &stop));
        Self {
            realtime: realtime.flatten(),
            instance,
            address,
            stop,
            server,
            background: None,
        }
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The engine that it serves.
    pub fn engine(&self) -> &Engine {
        &self.instance.engine
    }

    /// Waits until the server fails, which it should not.
    pub async fn failed(&mut self) -> String {
        match (&mut self.server).await {
            Ok(()) => "the server ended by itself".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    /// Shuts down: reports not ready from now on, lets open requests and running jobs finish within the grace period,
    /// then closes the database.
    pub async fn stop(self) {
        self.instance.engine.readiness().drain();
        if let Some(background) = &self.background {
            background.drain();
        }
        self.stop.cancel();
        if let Err(error) = self.server.await {
            tracing::error!(%error, "the server failed while it was stopping");
        }
        if let Some(background) = self.background {
            background.stop().await;
        }
        if let Some(realtime) = self.realtime
            && let Err(error) = realtime.await
        {
            tracing::error!(%error, "the hub of channels failed while it was stopping");
        }
        self.instance.close().await;
    }
}

/// Starts to feed the hub of channels; it closes their connections at the stop.
fn realtime(instance: &Instance, stop: &CancellationToken) -> Option<JoinHandle<()>> {
    let engine = &instance.engine;
    // The composition root inserts it.
    let hub = engine.components().extensions.get::<Hub>().ok()?;
    Some(mainstay_realtime::start(engine, hub, stop.child_token()))
}

/// The routes of the interfaces that this process serves, with the middleware around them.
fn middleware(instance: &Instance) -> Middleware {
    let Instance {
        app,
        engine,
        settings,
        dependencies,
    } = instance;
    let mut options = EdgeOptions::of(settings, &engine.policies().public_url);
    fit_connections(&mut options, OpenFiles::raise(settings.database.pool));
    let metrics = Arc::clone(&engine.node().metrics);
    let routes = app.routes_of(settings.roles, options.docs);
    let document = app.document(&routes);
    let router = routes.router(engine.clone(), options.clone(), &document);
    let parts = MiddlewareParts {
        clock: Arc::clone(&dependencies.clock),
        random: Arc::clone(&dependencies.random),
        metrics,
        log: dependencies.access_log.clone(),
        options,
    };
    Middleware::new(parts, router)
}

/// Lowers the maximum number of connections to what the limit of open files allows: accepting one more would fail, and
/// the database could open no file either.
fn fit_connections(options: &mut EdgeOptions, files: OpenFiles) {
    let capacity = files.capacity_for(options.max_connections);
    if capacity < options.max_connections {
        tracing::warn!(
            open_files = files.limit(),
            needed = files.needed_for(options.max_connections),
            max_connections = options.max_connections,
            lowered_to = capacity,
            "MAX_CONNECTIONS is lowered: the limit of open files is too low for it; raise it (ulimit -n, LimitNOFILE=)"
        );
        // The limit per address keeps its share of the total.
        let part = options.max_connections_per_address * capacity;
        options.max_connections_per_address = (part / options.max_connections).max(16).min(capacity);
        options.max_connections = capacity;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_open_files_lower_the_bound_of_connections_and_the_share_of_an_address() {
        let bounds = |files: u64, most: usize, of_address: usize| {
            let mut options = EdgeOptions {
                max_connections: most,
                max_connections_per_address: of_address,
                ..EdgeOptions::default()
            };
            fit_connections(&mut options, OpenFiles::of_limit(Some(files), 12));
            (options.max_connections, options.max_connections_per_address)
        };
        assert_eq!(bounds(20_000, 10_000, 2_500), (10_000, 2_500));
        assert_eq!(bounds(256, 10_000, 2_500), (140, 35));
        assert_eq!(bounds(256, 10_000, 10_000), (140, 140));
        assert_eq!(bounds(130, 10_000, 2_500), (14, 14));
    }
}
