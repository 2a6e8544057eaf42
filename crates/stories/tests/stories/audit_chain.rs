//! The chain: whoever reaches the database can change it, and is noticed.

use crate::SECOND;
use mainstay_services::audit::ChainFault;
use mainstay_testkit::{Engine, TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    trap_12_an_edited_entry_is_found;
    trap_12_a_removed_entry_is_found;
    trap_12_a_cut_off_tail_is_found;
    trap_12_a_database_put_back_to_an_older_state_is_found;
    trap_12_a_chain_that_was_linked_anew_is_found;
    trap_12_the_database_itself_refuses_to_change_an_entry;
    a_chain_is_whole_after_many_wrote_and_two_linked_at_once;
    what_is_not_linked_yet_is_told;
}

async fn fault(app: &TestApp) -> Option<ChainFault> {
    app.services().verify_audit().await.unwrap().fault
}

/// A chain of some entries, linked.
async fn chain(app: &TestApp) -> i64 {
    let product = app.product(100, 100).await;
    let ann = app.customer("ann").await;
    for _ in 0..5 {
        app.pass(SECOND);
        crate::order_end::place(&ann, &product, 1).await;
    }
    app.seal_audit().await;
    assert_eq!(fault(app).await, None);
    app.services().verify_audit().await.unwrap().verified
}

/// Takes the triggers away, as somebody can who owns the database.
async fn disarm(app: &TestApp) {
    match app.engine() {
        Engine::Sqlite => {
            app.tamper("DROP TRIGGER audit_entries_no_update; DROP TRIGGER audit_entries_no_delete")
                .await;
        }
        Engine::Postgres => app.tamper("ALTER TABLE audit_entries DISABLE TRIGGER USER").await,
    }
}

async fn trap_12_an_edited_entry_is_found(app: &TestApp) {
    chain(app).await;
    disarm(app).await;
    app.tamper("CREATE TABLE kept AS SELECT * FROM audit_entries WHERE seq = 3")
        .await;
    let edits = [
        ("after_json", "'{}'"),
        ("before_json", "'{\"price\": 1}'"),
        ("action", "'READ'"),
        ("actor", "'apiKey'"),
        ("resource", "'nothing'"),
        ("resource_id", "'0'"),
        ("at", "at + 1"),
        ("user_id", "id"),
        ("ip", "'198.51.100.7'"),
        ("user_agent", "'another'"),
        ("request_id", "'another'"),
        ("hash", "(SELECT hash FROM audit_head)"),
    ];
    for (column, value) in edits {
        app.tamper(&format!(
            "UPDATE audit_entries SET {column} = {value} WHERE seq = 3"
        ))
        .await;
        assert!(
            matches!(fault(app).await, Some(ChainFault::Edited { seq: 3, .. })),
            "{column}: {:?}",
            fault(app).await
        );
        app.tamper(&format!(
            "UPDATE audit_entries SET {column} = (SELECT {column} FROM kept) WHERE seq = 3"
        ))
        .await;
        assert_eq!(fault(app).await, None, "{column} is as it was");
    }
}

async fn trap_12_a_removed_entry_is_found(app: &TestApp) {
    chain(app).await;
    disarm(app).await;
    app.tamper("DELETE FROM audit_entries WHERE seq = 4").await;
    assert_eq!(fault(app).await, Some(ChainFault::Removed { seq: 4 }));
    // Closing the gap does not help.
    app.tamper("UPDATE audit_entries SET seq = 4 WHERE seq = 5").await;
    assert!(
        matches!(fault(app).await, Some(ChainFault::Edited { seq: 4, .. })),
        "{:?}",
        fault(app).await
    );
}

async fn trap_12_a_cut_off_tail_is_found(app: &TestApp) {
    let last = chain(app).await;
    disarm(app).await;
    app.tamper(&format!("DELETE FROM audit_entries WHERE seq > {}", last - 2))
        .await;
    assert_eq!(
        fault(app).await,
        Some(ChainFault::CutOff {
            sealed: last,
            found: last - 2
        })
    );
    // Moving the head back does not help: its seal cannot be made without the master key.
    app.tamper(&format!(
        "UPDATE audit_head SET seq = {0}, hash = (SELECT hash FROM audit_entries WHERE seq = {0})",
        last - 2
    ))
    .await;
    assert_eq!(fault(app).await, Some(ChainFault::Head { found: last - 2 }));
    app.tamper("DELETE FROM audit_head").await;
    assert!(fault(app).await.is_some());
    app.tamper("DELETE FROM audit_entries").await;
    assert!(fault(app).await.is_some(), "an empty trail is no clean one");
}

async fn trap_12_a_database_put_back_to_an_older_state_is_found(app: &TestApp) {
    let old = chain(app).await;
    app.tamper("CREATE TABLE old_head AS SELECT * FROM audit_head")
        .await;
    app.customer("bob").await;
    app.seal_audit().await;
    assert_eq!(fault(app).await, None);
    disarm(app).await;
    let put_back = format!(
        "DELETE FROM audit_entries WHERE seq > {old}; \
         UPDATE audit_head SET seq = {old}, hash = (SELECT hash FROM old_head), seal = (SELECT seal FROM old_head)"
    );
    app.tamper(&put_back).await;
    // In itself it is flawless. The head that is kept beside the database knows better.
    assert!(
        matches!(fault(app).await, Some(ChainFault::CutOff { found, .. }) if found == old),
        "{:?}",
        fault(app).await
    );
}

async fn trap_12_a_chain_that_was_linked_anew_is_found(app: &TestApp) {
    chain(app).await;
    disarm(app).await;
    // Edited, and every link forgotten, so that the app itself links it again.
    app.tamper(
        "UPDATE audit_entries SET action = 'READ' WHERE seq = 3; UPDATE audit_entries SET seq = NULL, hash = NULL; \
         UPDATE audit_head SET seq = 0, hash = substr(hash, 1, 0), seal = substr(seal, 1, 0)",
    )
    .await;
    let _ = app.services().seal_audit(1000).await;
    assert!(fault(app).await.is_some());
}

async fn trap_12_the_database_itself_refuses_to_change_an_entry(app: &TestApp) {
    chain(app).await;
    let before = app
        .peek("SELECT CAST(count(*) AS TEXT) FROM audit_entries WHERE seq IS NOT NULL")
        .await;
    for sql in [
        "UPDATE audit_entries SET action = 'READ' WHERE seq = 3",
        "UPDATE audit_entries SET seq = NULL, hash = NULL WHERE seq = 3",
        "DELETE FROM audit_entries WHERE seq = 3",
        "DELETE FROM audit_entries",
    ] {
        assert!(app.tampering_fails(sql).await, "{sql}");
    }
    assert_eq!(
        app.peek("SELECT CAST(count(*) AS TEXT) FROM audit_entries WHERE seq IS NOT NULL")
            .await,
        before
    );
    assert_eq!(fault(app).await, None);
}

async fn a_chain_is_whole_after_many_wrote_and_two_linked_at_once(app: &TestApp) {
    let (ann, product, other) = (
        app.customer("ann").await,
        app.product(1000, 100).await,
        app.another_node().await,
    );
    let body = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let there = other.client().bearer(&ann.access);
    for _ in 0..4 {
        let here_writes =
            futures_util::future::join_all((0..6).map(|_| ann.post("/api/orders", body.clone())));
        let there_writes =
            futures_util::future::join_all((0..6).map(|_| there.post("/api/orders", body.clone())));
        let (here, there, first, second) = tokio::join!(
            here_writes,
            there_writes,
            app.services().seal_audit(7),
            other.services.seal_audit(7)
        );
        assert!(
            here.iter().chain(&there).all(|answer| answer.status == 201),
            "{here:?} {there:?}"
        );
        first.unwrap();
        second.unwrap();
        app.pass(SECOND);
    }
    app.seal_audit().await;
    let verdict = app.services().verify_audit().await.unwrap();
    let entries = app.peek("SELECT CAST(count(*) AS TEXT) FROM audit_entries").await;
    assert_eq!((verdict.fault, verdict.waiting), (None, 0));
    assert_eq!(entries, [[Some(verdict.verified.to_string())]]);
    other.stop().await;
}

async fn what_is_not_linked_yet_is_told(app: &TestApp) {
    app.customer("ann").await;
    let verdict = app.services().verify_audit().await.unwrap();
    assert_eq!((verdict.verified, verdict.fault), (0, None));
    assert!(verdict.waiting > 0);
    app.seal_audit().await;
    let sealed = app.services().verify_audit().await.unwrap();
    assert_eq!(
        (sealed.verified, sealed.waiting, sealed.fault),
        (verdict.waiting, 0, None)
    );
}
