//! An endpoint of outgoing webhooks.

use crate::http_server::HttpServer;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

/// A request that the endpoint received.
#[derive(Debug, Clone)]
pub struct ReceivedWebhook {
    /// The path of the URL.
    pub path: String,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, as it was received.
    pub body: String,
}

/// An endpoint on this machine whose answer a test chooses.
pub struct WebhookReceiver {
    server: HttpServer,
    status: Arc<AtomicU16>,
    received: Arc<Mutex<Vec<ReceivedWebhook>>>,
}

impl WebhookReceiver {
    /// Starts an endpoint that answers 200.
    pub async fn start() -> Self {
        let (status, received) = (Arc::new(AtomicU16::new(200)), Arc::<Mutex<Vec<_>>>::default());
        let (answers, log) = (Arc::clone(&status), Arc::clone(&received));
        let server = HttpServer::start(move |request| {
            log.lock().push(ReceivedWebhook {
                path: request.path,
                headers: request.headers,
                body: request.body,
            });
            (answers.load(Ordering::SeqCst), r#"{"seen":true}"#.to_owned())
        });
        Self {
            server: server.await,
            status,
            received,
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("{}/in", self.server.url)
    }

    /// Answers with this status from now on; a redirect leads to `/elsewhere`.
    pub fn set_status(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// What it has received since it was last asked.
    pub fn take(&self) -> Vec<ReceivedWebhook> {
        std::mem::take(&mut self.received.lock())
    }
}
