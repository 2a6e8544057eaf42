//! Whether a process lives, and whether it can do its work.

use mainstay_testkit::{TestApp, on_both_engines};
use std::time::Duration;

on_both_engines! {
    a_process_is_ready_while_its_database_is_there;
    a_process_says_that_its_database_is_away_and_when_it_is_back;
}

async fn a_process_is_ready_while_its_database_is_there(app: &TestApp) {
    for path in ["/health", "/health/ready"] {
        let health = app.client().get(path).await.expect(200).json();
        assert_eq!(health["status"], "ok", "{health}");
        assert_eq!(health["checks"]["database"], "ok", "{health}");
    }
    app.services().drain();
    let draining = app.client().get("/health/ready").await.expect(503).json();
    assert_eq!(draining["checks"]["process"], "draining", "{draining}");
    app.client().get("/health/live").await.expect(200);
}

/// On PostgreSQL; a SQLite file does not go away.
async fn a_process_says_that_its_database_is_away_and_when_it_is_back(app: &TestApp) {
    let Some((node, way)) = app.node_behind_a_proxy().await else {
        return;
    };
    let client = node.client();
    client.get("/health/ready").await.expect(200);
    client.get("/api/products").await.expect(200);
    way.cut();
    let health = client.get("/health/ready").await.expect(503).json();
    assert_eq!(health["status"], "unavailable", "{health}");
    assert_eq!(health["checks"]["database"], "down", "{health}");
    assert_eq!(health["checks"]["process"], "ok", "{health}");
    client.get("/health/live").await.expect(200);
    let away = client.get("/api/products").await.refused(503, "UNAVAILABLE");
    assert_eq!(away.header("retry-after"), Some("5"));
    way.mend();
    let back = async { while client.get("/health/ready").await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(30), back)
        .await
        .expect("it finds its database again");
    client.get("/api/products").await.expect(200);
    node.stop().await;
}
