//! Feeds the hub of this process.

use crate::hub::Hub;
use crate::message::messages_of;
use mainstay_domain::Result;
use mainstay_engine::Engine;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often events are looked for that other nodes relayed. Those of this node are announced.
const INTERVAL: Duration = Duration::from_millis(500);
/// How often connections are checked whose callers may have changed by the clock alone.
const CHECK: Duration = Duration::from_millis(250);
/// Maximum number of events read at once.
const BATCH: u32 = 500;

/// Starts to feed the hub: reads the relayed events, wakes connections when access changes, and ends all of them at the
/// stop.
pub fn start(engine: &Engine, hub: &Arc<Hub>, stop: CancellationToken) -> JoinHandle<()> {
    watch(engine, hub);
    let (engine, hub) = (engine.clone(), Arc::clone(hub));
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = feed(&engine, &hub) => {}
            () = wake(&engine, &hub) => {}
        }
        hub.stopping().cancel();
    })
}

fn watch(engine: &Engine, hub: &Arc<Hub>) {
    let hub = Arc::clone(hub);
    engine.node().metrics.watch(move |samples| {
        let counts = hub.counts();
        let gauge = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        samples.gauge(
            "realtime_connections",
            "Open WebSockets and event streams that are signed in",
            gauge(counts.connections),
        );
        samples.gauge(
            "realtime_subscriptions",
            "Subscriptions of these connections",
            gauge(counts.subscriptions),
        );
        samples.counter(
            "realtime_delivered",
            "Messages handed to subscribers",
            counts.delivered,
        );
        samples.counter(
            "realtime_too_slow",
            "Connections closed because the client did not read",
            counts.too_slow,
        );
    });
}

async fn feed(engine: &Engine, hub: &Hub) {
    let log = engine.event_log();
    let mut last = loop {
        match log.begin().await {
            Ok(positions) => break positions.last,
            Err(error) => {
                tracing::warn!(%error, "the positions of events cannot be read; the next try follows");
                tokio::time::sleep(INTERVAL).await;
            }
        }
    };
    hub.begin(last);
    loop {
        match deliver(engine, hub, last).await {
            Ok(Some(position)) => {
                last = position;
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "events cannot be read; the next try follows"),
        }
        tokio::select! {
            () = log.wakes().notified() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

/// Delivers the events after a position; returns the position of the last one.
async fn deliver(engine: &Engine, hub: &Hub, last: i64) -> Result<Option<i64>> {
    let events = engine.event_log().after(last, BATCH).await?;
    for event in &events {
        hub.publish(event.position, messages_of(event));
    }
    Ok(events.last().map(|event| event.position))
}

async fn wake(engine: &Engine, hub: &Hub) {
    let mut changes = engine.directory().changes();
    loop {
        tokio::select! {
            changed = changes.changed() => match changed {
                Ok(()) => hub.wake_all(),
                // The directory lives as long as the engine.
                Err(_) => return,
            },
            () = tokio::time::sleep(CHECK) => hub.wake_due(engine.now()),
        }
    }
}
