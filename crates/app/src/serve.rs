//! Serves: listens, works in the background, and drains when it is told to stop.

use crate::error::StartError;
use crate::open::App;
use mainstay_background::{Background, BackgroundOptions};
use mainstay_edge::server::Listening;
use mainstay_edge::{EdgeOptions, Middleware, MiddlewareParts, Routes};
use mainstay_platform::config::Settings;
use mainstay_platform::open_files::OpenFiles;
use mainstay_services::Services;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Takes the address that the settings name, and tells the URL of it. First of all, so that links know the port
/// when any free one was asked for.
///
/// # Errors
/// The address is taken or not ours.
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
    app: App,
    address: SocketAddr,
    stop: CancellationToken,
    server: JoinHandle<()>,
    background: Option<Background>,
}

impl Serving {
    /// Answers requests, and does what is to be done in the background, as `ROLES` says. Without the role `api` only
    /// health and figures are answered.
    ///
    /// # Errors
    /// The address of the metrics is taken or not ours.
    pub async fn start(app: App, listening: Listening) -> Result<Self, StartError> {
        let options = BackgroundOptions {
            worker: app.settings.roles.worker,
            grace: app.settings.http.shutdown_timeout,
            ..BackgroundOptions::default()
        };
        let background = Background::start(app.services.clone(), options);
        let mut serving = Self::start_without_background(app, listening);
        serving.background = Some(background);
        if let Some(address) = serving.app.settings.metrics_addr {
            let metrics = Arc::clone(&serving.app.services.parts().metrics);
            crate::metrics::serve(address, metrics, serving.stop.clone()).await?;
        }
        Ok(serving)
    }

    /// Answers requests only; what is to be done in the background is left to whoever asks for it. For tests.
    pub fn start_without_background(app: App, listening: Listening) -> Self {
        let address = listening.address();
        let stop = CancellationToken::new();
        let grace = app.settings.http.shutdown_timeout;
        let server = tokio::spawn(listening.serve(chain(&app), stop.clone(), grace));
        Self {
            app,
            address,
            stop,
            server,
            background: None,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The use cases that it serves.
    pub fn services(&self) -> &Services {
        &self.app.services
    }

    /// Waits until the server fails, which it should not.
    pub async fn failed(&mut self) -> String {
        match (&mut self.server).await {
            Ok(()) => "the server ended by itself".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    /// Stops: not ready from now on, open requests and running jobs may finish within the grace, then the database
    /// is closed.
    pub async fn stop(self) {
        self.app.services.drain();
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
        self.app.close().await;
    }
}

/// The routes of the doors that this process opens, with the chain around them.
fn chain(app: &App) -> Middleware {
    let mut options = EdgeOptions::of(&app.settings, &app.services.policies().public_url);
    fit_connections(&mut options, OpenFiles::raise(app.settings.database.pool));
    let metrics = Arc::clone(&app.services.parts().metrics);
    let services = app.services.clone();
    let router = match app.settings.roles.api {
        true => mainstay_rest::router(services, options.clone(), Routes::new()),
        false => mainstay_rest::router_without_api(services, options.clone()),
    };
    let dependencies = &app.dependencies;
    let parts = MiddlewareParts {
        clock: Arc::clone(&dependencies.clock),
        random: Arc::clone(&dependencies.random),
        metrics,
        log: dependencies.access_log.clone(),
        options,
    };
    Middleware::new(parts, router)
}

/// Lowers the bound of connections to what the limit of open files leaves: accepting one more would fail, and the
/// database could open nothing either.
fn fit_connections(options: &mut EdgeOptions, files: OpenFiles) {
    let room = files.room_for(options.max_connections);
    if room < options.max_connections {
        tracing::warn!(
            open_files = files.limit(),
            needed = files.needed_for(options.max_connections),
            max_connections = options.max_connections,
            lowered_to = room,
            "MAX_CONNECTIONS is lowered: the limit of open files is too low for it; raise it (ulimit -n, LimitNOFILE=)"
        );
        // The share of an address stays the part that it was.
        let part = options.max_connections_per_address * room;
        options.max_connections_per_address = (part / options.max_connections).max(16).min(room);
        options.max_connections = room;
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
