//! The chain detects changes by an attacker with access to the database.

use crate::SECOND;
use mainstay_engine::audit::{AnchorState, ChainFault, WitnessedHead};
use mainstay_testkit::{Engine, TestApp, on_both_engines};
use serde_json::json;
use std::path::PathBuf;

on_both_engines! {
    trap_12_an_edited_entry_is_found;
    trap_12_a_removed_entry_is_found;
    trap_12_a_removed_end_of_the_chain_is_found;
    trap_12_a_database_put_back_to_an_older_state_is_found;
    trap_12_a_chain_that_was_linked_anew_is_found;
    trap_12_a_broken_chain_is_not_sealed_again_until_it_is_accepted;
    trap_12_a_damaged_or_missing_copy_of_the_head_is_a_fault_until_it_is_accepted;
    trap_26_a_database_put_back_together_with_the_folder_is_seen_by_a_kept_head;
    trap_12_a_damaged_entry_is_named_and_shown_and_delays_no_other_entry;
    trap_12_the_database_itself_refuses_to_change_an_entry;
    a_chain_is_whole_after_many_wrote_and_two_linked_at_once;
    what_is_not_linked_yet_is_reported;
}

pub(crate) async fn fault(app: &TestApp) -> Option<ChainFault> {
    app.engine().audit_verifier().verify(None).await.unwrap().fault
}

/// Links a chain of some entries; returns its length.
pub(crate) async fn chain(app: &TestApp) -> i64 {
    let product = app.product(100, 100).await;
    let ann = app.customer("ann").await;
    for _ in 0..5 {
        app.advance(SECOND);
        crate::order_cancel_expire::place(&ann, &product, 1).await;
    }
    app.seal_audit().await;
    assert_eq!(fault(app).await, None);
    app.engine().audit_verifier().verify(None).await.unwrap().verified
}

/// Removes the triggers, as the owner of the database can.
pub(crate) async fn disarm(app: &TestApp) {
    match app.database_engine() {
        Engine::Sqlite => {
            app.execute_raw(
                "DROP TRIGGER audit_entries_no_update; DROP TRIGGER audit_entries_no_delete; \
                 DROP TRIGGER audit_entries_no_place; DROP TRIGGER audit_entries_no_replace",
            )
            .await;
        }
        Engine::Postgres => {
            app.execute_raw("ALTER TABLE audit_entries DISABLE TRIGGER USER")
                .await;
        }
    }
}

async fn trap_12_an_edited_entry_is_found(app: &TestApp) {
    chain(app).await;
    disarm(app).await;
    app.execute_raw("CREATE TABLE kept AS SELECT * FROM audit_entries WHERE seq = 3")
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
        // A value that the application cannot write is an edit too.
        ("actor", "'root'"),
        ("hash", "NULL"),
        ("id", unlike_an_id(app)),
        ("resource", unlike_a_text(app)),
    ];
    for (column, value) in edits {
        app.execute_raw(&format!(
            "UPDATE audit_entries SET {column} = {value} WHERE seq = 3"
        ))
        .await;
        assert!(
            matches!(fault(app).await, Some(ChainFault::Edited { seq: 3, .. })),
            "{column}: {:?}",
            fault(app).await
        );
        app.execute_raw(&format!(
            "UPDATE audit_entries SET {column} = (SELECT {column} FROM kept) WHERE seq = 3"
        ))
        .await;
        assert_eq!(fault(app).await, None, "{column} is as it was");
    }
}

/// A value that is not an identifier, for a column of identifiers.
fn unlike_an_id(app: &TestApp) -> &'static str {
    match app.database_engine() {
        Engine::Sqlite => "x'0102'",
        Engine::Postgres => "'00000000-0000-0000-0000-000000000000'",
    }
}

/// A value that is not valid text, where the engine accepts one.
fn unlike_a_text(app: &TestApp) -> &'static str {
    match app.database_engine() {
        Engine::Sqlite => "CAST(x'ff00' AS TEXT)",
        Engine::Postgres => "''",
    }
}

async fn trap_12_a_removed_entry_is_found(app: &TestApp) {
    chain(app).await;
    disarm(app).await;
    app.execute_raw("DELETE FROM audit_entries WHERE seq = 4").await;
    assert_eq!(fault(app).await, Some(ChainFault::Removed { seq: 4 }));
    // Closing the gap does not help.
    app.execute_raw("UPDATE audit_entries SET seq = 4 WHERE seq = 5")
        .await;
    assert!(
        matches!(fault(app).await, Some(ChainFault::Edited { seq: 4, .. })),
        "{:?}",
        fault(app).await
    );
}

async fn trap_12_a_removed_end_of_the_chain_is_found(app: &TestApp) {
    let last = chain(app).await;
    disarm(app).await;
    app.execute_raw(&format!("DELETE FROM audit_entries WHERE seq > {}", last - 2))
        .await;
    assert_eq!(
        fault(app).await,
        Some(ChainFault::CutOff {
            sealed: last,
            found: last - 2
        })
    );
    // Moving the head back does not help: its seal cannot be made without the master key.
    app.execute_raw(&format!(
        "UPDATE audit_head SET seq = {0}, hash = (SELECT hash FROM audit_entries WHERE seq = {0})",
        last - 2
    ))
    .await;
    assert_eq!(fault(app).await, Some(ChainFault::Head { found: last - 2 }));
    app.execute_raw("DELETE FROM audit_head").await;
    assert!(fault(app).await.is_some());
    app.execute_raw("DELETE FROM audit_entries").await;
    assert!(fault(app).await.is_some(), "an empty trail is no clean one");
}

async fn trap_12_a_database_put_back_to_an_older_state_is_found(app: &TestApp) {
    let old = chain(app).await;
    app.execute_raw("CREATE TABLE old_head AS SELECT * FROM audit_head")
        .await;
    app.customer("bob").await;
    app.seal_audit().await;
    assert_eq!(fault(app).await, None);
    disarm(app).await;
    let put_back = format!(
        "DELETE FROM audit_entries WHERE seq > {old}; \
         UPDATE audit_head SET seq = {old}, hash = (SELECT hash FROM old_head), seal = (SELECT seal FROM old_head), \
         writers = (SELECT writers FROM old_head)"
    );
    app.execute_raw(&put_back).await;
    // The chain by itself is flawless. The anchor beside the database shows otherwise.
    assert!(
        matches!(fault(app).await, Some(ChainFault::CutOff { found, .. }) if found == old),
        "{:?}",
        fault(app).await
    );
}

async fn trap_12_a_chain_that_was_linked_anew_is_found(app: &TestApp) {
    chain(app).await;
    disarm(app).await;
    // An entry edited and every link removed, so that the application itself links it again.
    app.execute_raw(
        "UPDATE audit_entries SET action = 'READ' WHERE seq = 3; UPDATE audit_entries SET seq = NULL, hash = NULL; \
         UPDATE audit_head SET seq = 0, hash = substr(hash, 1, 0), seal = substr(seal, 1, 0)",
    )
    .await;
    let _ = app.engine().audit_sealer().seal(1000).await;
    assert!(fault(app).await.is_some());
}

async fn trap_12_a_broken_chain_is_not_sealed_again_until_it_is_accepted(app: &TestApp) {
    chain(app).await;
    disarm(app).await;
    for kind in ["cut", "forged", "no head", "planted"] {
        let last = app.engine().audit_verifier().verify(None).await.unwrap().verified;
        let cut = format!("DELETE FROM audit_entries WHERE seq > {}", last - 2);
        let (edit, wanted) = match kind {
            "cut" => (
                cut,
                ChainFault::CutOff {
                    sealed: last,
                    found: last - 2,
                },
            ),
            "forged" => (
                format!(
                    "{cut}; UPDATE audit_head SET seq = {0}, seal = substr(seal, 1, 1), \
                     hash = (SELECT hash FROM audit_entries WHERE seq = {0})",
                    last - 2
                ),
                ChainFault::Head { found: last - 2 },
            ),
            "no head" => (
                "DELETE FROM audit_head".to_owned(),
                ChainFault::Head { found: last },
            ),
            _ => (
                format!(
                    "UPDATE audit_entries SET seq = {}, hash = (SELECT hash FROM audit_head) WHERE seq = {}",
                    last + 1,
                    last - 1
                ),
                ChainFault::Removed { seq: last - 1 },
            ),
        };
        app.execute_raw(&edit).await;
        app.advance(SECOND);
        app.product(1, 100).await;
        let kept = app
            .query_raw("SELECT CAST(count(*) AS TEXT) FROM audit_entries")
            .await;
        assert!(app.engine().audit_sealer().seal(1000).await.is_err(), "{kind}");
        assert_eq!(fault(app).await, Some(wanted), "{kind}");
        assert_eq!(broken(app), "1", "{kind}");
        assert!(
            app.engine().audit_acceptor().accept(" ").await.is_err(),
            "a reason is needed"
        );
        let accepted = app
            .engine()
            .audit_acceptor()
            .accept("seen to")
            .await
            .unwrap()
            .unwrap();
        assert!(
            accepted.seq >= last && !accepted.faults.is_empty(),
            "{accepted:?}"
        );
        let after = app
            .query_raw("SELECT CAST(count(*) - 1 AS TEXT) FROM audit_entries")
            .await;
        assert_eq!(after, kept, "{kind}: nothing is removed, and the act is an entry");
        assert!(app.seal_audit().await > 0, "{kind}");
        assert_eq!((fault(app).await, &*broken(app)), (None, "0"), "{kind}");
        let accepted_entries = app
            .query_raw("SELECT CAST(after_json AS TEXT) FROM audit_entries WHERE action = 'ACCEPT' AND seq IS NOT NULL")
            .await;
        assert!(
            accepted_entries
                .iter()
                .flatten()
                .flatten()
                .all(|accepted_entries| accepted_entries.contains("seen to")),
            "{accepted_entries:?}"
        );
        assert_eq!(app.engine().audit_acceptor().accept("again").await.unwrap(), None);
        for _ in 0..5 {
            app.product(1, 100).await;
        }
        app.seal_audit().await;
        assert_eq!(fault(app).await, None, "{kind}");
    }
    // Accepted entries are protected as well as the rest.
    app.execute_raw("UPDATE audit_entries SET ip = '198.51.100.9' WHERE seq = 2")
        .await;
    assert!(fault(app).await.is_some());
}

/// The metric of a broken chain.
pub(crate) fn broken(app: &TestApp) -> String {
    let metrics = app.engine().node().metrics.encode();
    let mut lines = metrics.lines();
    lines
        .find_map(|line| line.strip_prefix("mainstay_audit_chain_broken "))
        .unwrap()
        .to_owned()
}

/// The path of the anchor.
fn anchor(app: &TestApp) -> PathBuf {
    app.engine().policies().data_dir.join("audit.anchor")
}

#[expect(clippy::disallowed_methods, reason = "the test damages the file")]
async fn trap_12_a_damaged_or_missing_copy_of_the_head_is_a_fault_until_it_is_accepted(app: &TestApp) {
    chain(app).await;
    let read = async || {
        let verdict = app.engine().audit_verifier().verify(None).await.unwrap();
        (verdict.fault, verdict.anchor)
    };
    let goes_on = async || {
        app.advance(SECOND);
        app.product(1, 100).await;
        app.engine()
            .audit_sealer()
            .seal(1000)
            .await
            .is_ok_and(|linked| linked > 0)
    };
    assert_eq!(read().await, (None, AnchorState::Held));
    let kept = std::fs::read_to_string(anchor(app)).unwrap();
    let (head, seal) = kept.trim_end().rsplit_once(' ').unwrap();
    let forged = format!(
        "{head} {}",
        seal.replace(['0', '1', '2', '3', '4', '5', '6', '7'], "8")
    );
    for damaged in ["", "nonsense", &forged] {
        std::fs::write(anchor(app), damaged).unwrap();
        assert_eq!(read().await, (Some(ChainFault::Anchor), AnchorState::Invalid));
        // Requests are answered, entries wait, and the evidence stays.
        assert!(!goes_on().await);
        assert_eq!(broken(app), "1");
        assert_eq!(std::fs::read_to_string(anchor(app)).unwrap(), damaged);
        assert_eq!(app.client().get("/health/ready").await.status, 200);
    }
    std::fs::remove_file(anchor(app)).unwrap();
    assert_eq!(
        read().await,
        (Some(ChainFault::AnchorMissing), AnchorState::Absent)
    );
    for _ in 0..2 {
        assert!(!goes_on().await, "no new one is made by itself");
        assert_eq!(
            read().await,
            (Some(ChainFault::AnchorMissing), AnchorState::Absent)
        );
    }
    app.engine().audit_sealer().begin().await.unwrap();
    assert!(!anchor(app).exists(), "nor at a start");
    let accepted = app
        .engine()
        .audit_acceptor()
        .accept("the disk was replaced")
        .await;
    assert!(accepted.unwrap().is_some());
    assert!(goes_on().await);
    assert_eq!((read().await, &*broken(app)), ((None, AnchorState::Held), "0"));
    std::fs::write(anchor(app), "nonsense").unwrap();
    app.engine()
        .audit_acceptor()
        .accept("seen to")
        .await
        .unwrap()
        .unwrap();
    let evidence = anchor(app).with_extension("anchor.refused");
    assert_eq!(std::fs::read_to_string(evidence).unwrap(), "nonsense");
    assert!(goes_on().await);
}

#[expect(clippy::disallowed_methods, reason = "the test damages the file")]
async fn trap_26_a_database_put_back_together_with_the_folder_is_seen_by_a_kept_head(app: &TestApp) {
    chain(app).await;
    let old = WitnessedHead {
        seq: 1,
        hash: head_hash(app, 1).await,
    };
    let verify = async |head: &WitnessedHead| {
        let verdict = app
            .engine()
            .audit_verifier()
            .verify(Some(head.clone()))
            .await
            .unwrap();
        verdict.fault
    };
    assert_eq!(verify(&old).await, None);
    let last = app.engine().audit_verifier().verify(None).await.unwrap().verified;
    let hash = head_hash(app, last).await;
    let short = WitnessedHead {
        seq: last,
        hash: hash[..8].to_vec(),
    };
    assert_eq!(verify(&short).await, None, "the log has the beginning of it");
    let other = WitnessedHead {
        seq: last,
        hash: vec![1; 8],
    };
    assert_eq!(verify(&other).await, Some(ChainFault::Witness { seq: last }));
    let jobs = WitnessedHead { seq: last + 1, hash };
    assert_eq!(verify(&jobs).await, Some(ChainFault::Witness { seq: last + 1 }));
    // Everything is restored: the tables and the anchor file.
    let kept_file = std::fs::read(anchor(app)).unwrap();
    let tables = ["audit_entries", "audit_head", "audit_writers"];
    for table in tables {
        app.execute_raw(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}"))
            .await;
    }
    app.product(1, 100).await;
    app.seal_audit().await;
    assert!(app.engine().head_publisher().publish().await.unwrap());
    let sent = app.heads.all().remove(0);
    let sent = WitnessedHead {
        seq: sent.seq,
        hash: unhex(&sent.hash),
    };
    assert_eq!(verify(&sent).await, None);
    disarm(app).await;
    for table in tables {
        app.execute_raw(&format!(
            "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}"
        ))
        .await;
    }
    std::fs::write(anchor(app), kept_file).unwrap();
    assert_eq!(fault(app).await, None, "in itself it is flawless");
    assert_eq!(verify(&sent).await, Some(ChainFault::Witness { seq: sent.seq }));
}

async fn head_hash(app: &TestApp, seq: i64) -> Vec<u8> {
    let spelled = match app.database_engine() {
        Engine::Sqlite => "hex(hash)",
        Engine::Postgres => "encode(hash, 'hex')",
    };
    let rows = app
        .query_raw(&format!("SELECT {spelled} FROM audit_entries WHERE seq = {seq}"))
        .await;
    unhex(rows[0][0].as_deref().unwrap())
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

async fn trap_12_a_damaged_entry_is_named_and_shown_and_delays_no_other_entry(app: &TestApp) {
    chain(app).await;
    disarm(app).await;
    let admin = app.admin().await;
    app.execute_raw(&format!(
        "UPDATE audit_entries SET actor = 'root', id = {}, resource = {} \
         WHERE id = (SELECT id FROM audit_entries WHERE seq IS NULL ORDER BY number LIMIT 1)",
        unlike_an_id(app),
        unlike_a_text(app)
    ))
    .await;
    app.seal_audit().await;
    assert!(matches!(fault(app).await, Some(ChainFault::Forged { .. })));
    assert_eq!(broken(app), "1");
    app.product(1, 100).await;
    assert!(app.seal_audit().await > 0, "what is written later is linked");
    app.engine()
        .audit_acceptor()
        .accept("seen to")
        .await
        .unwrap()
        .unwrap();
    app.seal_audit().await;
    let verdict = app.engine().audit_verifier().verify(None).await.unwrap();
    assert_eq!((verdict.waiting, verdict.fault, &*broken(app)), (0, None, "0"));
    app.execute_raw("UPDATE audit_entries SET actor = 'root' WHERE seq = 3")
        .await;
    assert!(matches!(
        fault(app).await,
        Some(ChainFault::Edited { seq: 3, .. })
    ));
    let listed = admin.get("/api/audit?limit=100").await.expect(200).data();
    let actors = listed.as_array().unwrap().iter().map(|entry| &entry["actor"]);
    assert_eq!(actors.filter(|actor| **actor == "unknown").count(), 2, "{listed}");
}

async fn trap_12_the_database_itself_refuses_to_change_an_entry(app: &TestApp) {
    chain(app).await;
    let before = app
        .query_raw("SELECT CAST(count(*) AS TEXT) FROM audit_entries WHERE seq IS NOT NULL")
        .await;
    for sql in [
        "UPDATE audit_entries SET action = 'READ' WHERE seq = 3",
        "UPDATE audit_entries SET seq = NULL, hash = NULL WHERE seq = 3",
        "DELETE FROM audit_entries WHERE seq = 3",
        "DELETE FROM audit_entries",
    ] {
        assert!(app.execute_raw_fails(sql).await, "{sql}");
    }
    assert_eq!(
        app.query_raw("SELECT CAST(count(*) AS TEXT) FROM audit_entries WHERE seq IS NOT NULL")
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
            app.engine().audit_sealer().seal(7),
            other.engine.audit_sealer().seal(7)
        );
        assert!(
            here.iter().chain(&there).all(|answer| answer.status == 201),
            "{here:?} {there:?}"
        );
        first.unwrap();
        second.unwrap();
        app.advance(SECOND);
    }
    app.seal_audit().await;
    let verdict = app.engine().audit_verifier().verify(None).await.unwrap();
    let entries = app
        .query_raw("SELECT CAST(count(*) AS TEXT) FROM audit_entries")
        .await;
    assert_eq!((verdict.fault, verdict.waiting), (None, 0));
    assert_eq!(entries, [[Some(verdict.verified.to_string())]]);
    other.stop().await;
}

async fn what_is_not_linked_yet_is_reported(app: &TestApp) {
    app.customer("ann").await;
    let verdict = app.engine().audit_verifier().verify(None).await.unwrap();
    assert_eq!((verdict.verified, verdict.fault), (0, None));
    assert!(verdict.waiting > 0);
    app.seal_audit().await;
    let sealed = app.engine().audit_verifier().verify(None).await.unwrap();
    assert_eq!(
        (sealed.verified, sealed.waiting, sealed.fault),
        (verdict.waiting, 0, None)
    );
}
