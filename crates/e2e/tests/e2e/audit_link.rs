//! The sealer links the chain independently of the writers.

use crate::SECOND;
use mainstay_testkit::{Engine, TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    a_writer_that_takes_long_neither_holds_up_the_linking_nor_is_held_up;
}

async fn a_writer_that_takes_long_neither_holds_up_the_linking_nor_is_held_up(app: &TestApp) {
    if app.database_engine() == Engine::Sqlite {
        // SQLite has one writer at a time.
        return;
    }
    let (ann, product) = (app.customer("ann").await, app.product(1, 100).await);
    let hold = app.hold_database().await;
    let body = json!({"items": [{"productId": product.id, "quantity": 1}]});
    // It began first and is committed last.
    let slow = ann.post("/api/orders", body);
    let meanwhile = async {
        let waits = "SELECT CAST(count(*) AS TEXT) FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while app.query_raw(waits).await == [[Some("0".to_owned())]] {
            tokio::task::yield_now().await;
        }
        app.customer("ben").await;
        app.advance(SECOND);
        assert!(app.seal_audit().await > 0);
        let verdict = app.engine().audit_verifier().verify(None).await.unwrap();
        assert_eq!((verdict.waiting, verdict.fault), (0, None));
        app.customer("cem").await;
        hold.release().await;
        verdict.verified
    };
    let (slow, verified) = tokio::join!(slow, meanwhile);
    slow.expect(201);
    assert!(app.seal_audit().await >= 2);
    let whole = app.engine().audit_verifier().verify(None).await.unwrap();
    assert!(whole.verified >= verified + 2, "{whole:?}");
    assert_eq!((whole.waiting, whole.fault), (0, None));
}
