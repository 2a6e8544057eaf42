//! Liveness and readiness of a process.

use mainstay_testkit::{TestApp, on_both_engines};

on_both_engines! {
    a_process_is_ready_while_its_database_is_there;
}

async fn a_process_is_ready_while_its_database_is_there(app: &TestApp) {
    for path in ["/health", "/health/ready"] {
        let health = app.client().get(path).await.expect(200).json();
        assert_eq!(health["status"], "ok", "{health}");
        assert_eq!(health["checks"]["database"], "ok", "{health}");
    }
    app.engine().readiness().drain();
    let draining = app.client().get("/health/ready").await.expect(503).json();
    assert_eq!(draining["checks"]["process"], "draining", "{draining}");
    app.client().get("/health/live").await.expect(200);
}
