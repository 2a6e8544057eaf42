//! A node: what a server process looks like to its database and its clients.

use crate::client::Client;
use crate::log::{self, RequestLog};
use mainstay_app::{App, Dependencies, Instance, Serving, listen};
use mainstay_edge::RouteRow;
use mainstay_engine::Engine;
use mainstay_platform::config::Settings;
use mainstay_realtime::{Hub, HubCounts};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One of the nodes that serve an app. It runs no background tasks.
pub struct Node {
    /// The engine of this node.
    pub engine: Engine,
    client: Client,
    url: String,
    app: App,
    serving: Serving,
}

/// The settings and fakes with which every node of an app starts.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) app: App,
    pub(crate) settings: Arc<Settings>,
    pub(crate) outside: Dependencies,
}

impl Setup {
    /// Reads the settings as a process does, from the given variables only.
    pub(crate) fn new(app: &App, variables: &BTreeMap<String, String>, outside: Dependencies) -> Self {
        let loaded = Settings::read_with(app.sections(), &[], variables, None);
        let loaded = loaded.unwrap_or_else(|errors| panic!("{errors}"));
        Self {
            app: app.clone(),
            settings: Arc::new(loaded.settings),
            outside,
        }
    }

    pub(crate) async fn start(&self) -> Node {
        log::keep();
        let (listening, url) = listen(&self.settings)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let bound = format!("http://{}", listening.address());
        let instance = Instance::open(&self.app, Arc::clone(&self.settings), self.outside.clone(), url).await;
        let instance = instance.unwrap_or_else(|error| panic!("{error}"));
        let engine = instance.engine.clone();
        let serving = Serving::start_without_background(instance, listening);
        Node {
            engine,
            client: Client::new(&bound),
            url: bound,
            app: self.app.clone(),
            serving,
        }
    }
}

impl Node {
    /// A client without credentials.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// A client with a connection of its own.
    pub fn fresh_client(&self) -> Client {
        Client::new(&self.url)
    }

    /// The base URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every route it serves.
    pub fn routes(&self) -> Vec<RouteRow> {
        let mut table = self.app.route_table();
        table.retain(|row| !row.is_frame());
        table
    }

    /// Everything that clients request over a WebSocket.
    pub fn frames(&self) -> Vec<RouteRow> {
        let mut table = self.app.route_table();
        table.retain(RouteRow::is_frame);
        table
    }

    /// What the hub of channels has to do with clients.
    ///
    /// # Panics
    /// When the application was composed without a hub.
    pub fn hub_counts(&self) -> HubCounts {
        let extensions = &self.engine.components().extensions;
        extensions.get::<Hub>().expect("the app has a hub").counts()
    }

    /// Shuts down as a process does on SIGTERM.
    pub async fn stop(self) {
        self.serving.stop().await;
    }
}

/// The outside dependencies of a node, all fakes.
pub(crate) fn outside(app: &crate::app::Fakes, log: &RequestLog) -> Dependencies {
    Dependencies {
        clock: app.clock.clone(),
        random: Arc::new(mainstay_platform::clock::SystemRandom),
        mailer: app.mailbox.clone(),
        gateway: app.gateway.clone(),
        head_receiver: Some(app.heads.clone()),
        hashing: mainstay_platform::crypto::password::Params::fast_for_tests(),
        access_log: log.writer(app.clock.clone()),
    }
}
