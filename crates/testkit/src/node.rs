//! A process that serves, as far as its database and its clients can tell.

use crate::client::Client;
use crate::log::{self, RequestLog};
use mainstay_app::{App, Outside, Serving, listen};
use mainstay_edge::RouteRow;
use mainstay_platform::config::Settings;
use mainstay_services::Services;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One of the processes that serve an app. Nothing happens in its background.
pub struct Node {
    /// Its use cases.
    pub services: Services,
    client: Client,
    url: String,
    serving: Serving,
}

/// What every node of an app is started with.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) settings: Arc<Settings>,
    pub(crate) outside: Outside,
}

impl Setup {
    /// Reads settings as a process does, from nothing but the given variables.
    pub(crate) fn new(variables: &BTreeMap<String, String>, outside: Outside) -> Self {
        let loaded = Settings::read(&[], variables, None).unwrap_or_else(|faults| panic!("{faults}"));
        Self {
            settings: Arc::new(loaded.settings),
            outside,
        }
    }

    pub(crate) async fn start(&self) -> Node {
        log::keep();
        let (listening, url) = listen(&self.settings)
            .await
            .unwrap_or_else(|fault| panic!("{fault}"));
        let bound = format!("http://{}", listening.address());
        let app = App::open(Arc::clone(&self.settings), self.outside.clone(), url).await;
        let app = app.unwrap_or_else(|fault| panic!("{fault}"));
        let services = app.services.clone();
        let serving = Serving::start_without_background(app, listening);
        Node {
            services,
            client: Client::new(&bound),
            url: bound,
            serving,
        }
    }
}

impl Node {
    /// A client that has shown no credential.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// A client that has a connection of its own.
    pub fn fresh_client(&self) -> Client {
        Client::new(&self.url)
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every route it answers.
    pub fn routes(&self) -> Vec<RouteRow> {
        mainstay_app::routes()
    }

    /// Stops as a process does on SIGTERM.
    pub async fn stop(self) {
        self.serving.stop().await;
    }
}

/// The outside of a node, made of fakes.
pub(crate) fn outside(app: &crate::app::Fakes, log: &RequestLog) -> Outside {
    Outside {
        clock: app.clock.clone(),
        random: Arc::new(mainstay_platform::clock::SystemRandom),
        mailer: app.mailbox.clone(),
        gateway: app.gateway.clone(),
        head_receiver: Some(app.heads.clone()),
        hashing: mainstay_platform::crypto::password::Params::fast_for_tests(),
        access_log: log.writer(app.clock.clone()),
    }
}
