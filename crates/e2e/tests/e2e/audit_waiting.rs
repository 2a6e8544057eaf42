//! Entries that wait to be linked are protected too: the process that wrote each one authenticated and numbered it.

use crate::SECOND;
use crate::audit_chain::{broken, chain, disarm, fault};
use crate::order_cancel_expire::place;
use mainstay_domain::access::SystemCaller;
use mainstay_engine::RequestContext;
use mainstay_engine::audit::ChainFault;
use mainstay_engine::key::RotateKeys;
use mainstay_testkit::{Engine, TestApp, behind_a_proxy, on_both_engines};
use serde_json::json;

on_both_engines! {
    trap_12_a_planted_entry_is_refused_and_named_and_others_are_linked;
    trap_12_a_removed_waiting_entry_is_named;
    trap_12_the_removal_of_everything_that_waits_is_noticed;
    trap_12_an_earlier_record_of_a_writer_is_noticed_by_its_process;
    trap_12_a_trigger_that_changes_what_is_written_is_noticed;
    trap_12_a_removed_record_of_a_writer_is_found_and_delays_no_other_writer;
    trap_12_a_linked_entry_cannot_be_written_again;
    thousands_of_planted_entries_do_not_stop_the_trail;
    transactions_that_are_undone_leave_no_gap;
    records_of_writers_stay_few;
    a_node_with_a_folder_of_its_own_needs_an_acceptance_and_delays_no_other_node;
    the_first_nodes_of_a_new_database_need_no_acceptance;
}

behind_a_proxy! {
    connections_that_are_lost_leave_no_gap;
}

/// Writes this many entries, each in a transaction of its own.
async fn write_entries(engine: &mainstay_engine::Engine, count: usize) {
    for _ in 0..count {
        let operator = RequestContext::system(SystemCaller::OPERATOR);
        engine
            .pipeline()
            .command(&operator, RotateKeys::default())
            .await
            .unwrap();
    }
}

async fn add_entries(app: &TestApp, count: usize) {
    app.advance(SECOND);
    write_entries(app.engine(), count).await;
}

const COLUMNS: &str = "at, user_id, actor, action, resource, resource_id, before_json, after_json, ip, user_agent, \
                       request_id, writer, number, mac";

fn new_id(app: &TestApp) -> &'static str {
    match app.database_engine() {
        Engine::Sqlite => "randomblob(16)",
        Engine::Postgres => "gen_random_uuid()",
    }
}

/// Inserts a copy of the first linked entry as a waiting one.
async fn plant(app: &TestApp) {
    app.execute_raw(&format!(
        "INSERT INTO audit_entries (id, {COLUMNS}) SELECT {}, {COLUMNS} FROM audit_entries WHERE seq = 1",
        new_id(app)
    ))
    .await;
}

async fn trap_12_a_planted_entry_is_refused_and_named_and_others_are_linked(app: &TestApp) {
    chain(app).await;
    plant(app).await;
    add_entries(app, 2).await;
    assert_eq!(app.seal_audit().await, 2);
    let verdict = app.engine().audit_verifier().verify(None).await.unwrap();
    assert!(
        matches!(verdict.fault, Some(ChainFault::Forged { .. })),
        "{verdict:?}"
    );
    assert_eq!(
        (verdict.waiting, verdict.faults.len(), &*broken(app)),
        (1, 1, "1")
    );
    add_entries(app, 1).await;
    assert_eq!(app.seal_audit().await, 1, "the trail goes on");
    let accepted = app
        .engine()
        .audit_acceptor()
        .accept("an exercise")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(accepted.faults.len(), 1);
    assert_eq!(app.seal_audit().await, 1, "the act itself");
    let verdict = app.engine().audit_verifier().verify(None).await.unwrap();
    assert_eq!((verdict.waiting, verdict.fault, &*broken(app)), (0, None, "0"));
}

async fn trap_12_a_removed_waiting_entry_is_named(app: &TestApp) {
    chain(app).await;
    disarm(app).await;
    for which in ["max", "min"] {
        add_entries(app, 3).await;
        app.execute_raw(&format!(
            "DELETE FROM audit_entries WHERE seq IS NULL \
             AND number = (SELECT {which}(number) FROM audit_entries WHERE seq IS NULL)"
        ))
        .await;
        let Some(ChainFault::Missing { writer, from, to }) = fault(app).await else {
            panic!("{which}: {:?}", fault(app).await)
        };
        assert_eq!(from, to, "{which}");
        let linked = app.seal_audit().await;
        assert_eq!(linked, if which == "max" { 2 } else { 0 }, "{which}");
        assert_eq!(fault(app).await, Some(ChainFault::Missing { writer, from, to }));
        assert_eq!(broken(app), "1");
        add_entries(app, 1).await;
        assert_eq!(
            app.seal_audit().await,
            1,
            "{which}: what is written later is linked"
        );
        app.engine()
            .audit_acceptor()
            .accept("an exercise")
            .await
            .unwrap()
            .unwrap();
        app.seal_audit().await;
        assert_eq!((fault(app).await, &*broken(app)), (None, "0"), "{which}");
    }
}

async fn trap_12_the_removal_of_everything_that_waits_is_noticed(app: &TestApp) {
    chain(app).await;
    disarm(app).await;
    add_entries(app, 3).await;
    app.execute_raw("DELETE FROM audit_entries WHERE seq IS NULL")
        .await;
    assert!(matches!(fault(app).await, Some(ChainFault::Missing { from, to, .. }) if to == from + 2));
    app.execute_raw("DELETE FROM audit_writers").await;
    assert!(
        matches!(fault(app).await, Some(ChainFault::Writer { .. })),
        "{:?}",
        fault(app).await
    );
}

async fn trap_12_an_earlier_record_of_a_writer_is_noticed_by_its_process(app: &TestApp) {
    chain(app).await;
    disarm(app).await;
    app.execute_raw("CREATE TABLE kept AS SELECT * FROM audit_writers")
        .await;
    add_entries(app, 1).await;
    app.execute_raw("DELETE FROM audit_entries WHERE seq IS NULL; DELETE FROM audit_writers; INSERT INTO audit_writers SELECT * FROM kept")
        .await;
    assert_eq!(fault(app).await, None, "only the process that wrote it knows yet");
    app.seal_audit().await;
    assert_eq!(broken(app), "1");
    add_entries(app, 1).await;
    assert!(
        matches!(fault(app).await, Some(ChainFault::Missing { .. })),
        "its next entry shows the gap to every node: {:?}",
        fault(app).await
    );
}

async fn trap_12_a_trigger_that_changes_what_is_written_is_noticed(app: &TestApp) {
    chain(app).await;
    match app.database_engine() {
        Engine::Sqlite => {
            disarm(app).await;
            app.execute_raw(
                "CREATE TRIGGER hide AFTER INSERT ON audit_entries BEGIN \
                 UPDATE audit_entries SET ip = '198.51.100.7' WHERE id = NEW.id; END",
            )
            .await;
        }
        Engine::Postgres => {
            app.execute_raw(
                "CREATE FUNCTION hide() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN NEW.ip := '198.51.100.7'; RETURN NEW; END $$; \
                 CREATE TRIGGER hide BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION hide()",
            )
            .await;
        }
    }
    let admin = app.admin().await;
    app.seal_audit().await;
    assert!(
        matches!(fault(app).await, Some(ChainFault::Forged { .. })),
        "{:?}",
        fault(app).await
    );
    assert_eq!(broken(app), "1");
    admin.get("/api/audit").await.expect(200);
}

async fn trap_12_a_removed_record_of_a_writer_is_found_and_delays_no_other_writer(app: &TestApp) {
    chain(app).await;
    app.execute_raw("DELETE FROM audit_writers").await;
    assert!(matches!(fault(app).await, Some(ChainFault::Writer { .. })));
    add_entries(app, 2).await;
    assert_eq!(app.seal_audit().await, 2);
    assert!(matches!(fault(app).await, Some(ChainFault::Writer { .. })));
    app.execute_raw("UPDATE audit_writers SET number = number + 1")
        .await;
    assert!(matches!(fault(app).await, Some(ChainFault::Writer { .. })));
    add_entries(app, 1).await;
    app.engine()
        .audit_acceptor()
        .accept("an exercise")
        .await
        .unwrap()
        .unwrap();
    add_entries(app, 2).await;
    app.seal_audit().await;
    assert_eq!((fault(app).await, &*broken(app)), (None, "0"));
}

async fn trap_12_a_linked_entry_cannot_be_written_again(app: &TestApp) {
    let last = chain(app).await;
    disarm(app).await;
    // Genuine, and its place is empty.
    app.execute_raw(&format!(
        "UPDATE audit_entries SET seq = NULL, hash = NULL WHERE seq = {last}"
    ))
    .await;
    let faults = app.engine().audit_verifier().verify(None).await.unwrap().faults;
    assert!(
        faults
            .iter()
            .any(|fault| matches!(fault, ChainFault::Forged { .. })),
        "{faults:?}"
    );
    assert!(app.engine().audit_sealer().seal(100).await.is_err());
}

async fn thousands_of_planted_entries_do_not_stop_the_trail(app: &TestApp) {
    chain(app).await;
    for _ in 0..12 {
        plant(app).await;
    }
    let copy = format!(
        "INSERT INTO audit_entries (id, {COLUMNS}) SELECT {}, {} FROM audit_entries a, audit_entries b, audit_entries c \
         WHERE a.seq IS NULL AND b.seq IS NULL AND c.seq IS NULL",
        new_id(app),
        COLUMNS
            .split(", ")
            .map(|column| format!("a.{column}"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    app.execute_raw(&copy).await;
    add_entries(app, 3).await;
    let mut linked = 0;
    for _ in 0..40 {
        linked += app.engine().audit_sealer().seal(50).await.unwrap();
    }
    assert_eq!((linked, &*broken(app)), (3, "1"));
    let verdict = app.engine().audit_verifier().verify(None).await.unwrap();
    assert_eq!((verdict.waiting, verdict.faults.len()), (12 + 12 * 12 * 12, 20));
}

async fn transactions_that_are_undone_leave_no_gap(app: &TestApp) {
    let (ann, scarce) = (app.customer("ann").await, app.product(20, 100).await);
    let plenty = app.product(1000, 100).await;
    let one = |id: &str| json!({"items": [{"productId": id, "quantity": 1}]});
    for round in 0..4 {
        let key = format!("k-{round}");
        let orders = (0..12).map(|number| {
            let product = if number % 2 == 0 { &scarce } else { &plenty };
            ann.post("/api/orders", one(&product.id))
        });
        let same = (0..4).map(|_| {
            let (ann, body) = (ann.with("idempotency-key", &key), one(&plenty.id));
            async move { ann.post("/api/orders", body).await }
        });
        let (orders, same) = tokio::join!(
            futures_util::future::join_all(orders),
            futures_util::future::join_all(same)
        );
        assert!(
            orders.iter().chain(&same).all(|answer| answer.status < 500),
            "{orders:?} {same:?}"
        );
        app.advance(SECOND);
    }
    assert_eq!(fault(app).await, None);
    app.seal_audit().await;
    let verdict = app.engine().audit_verifier().verify(None).await.unwrap();
    assert_eq!((verdict.fault, verdict.waiting), (None, 0));
}

async fn connections_that_are_lost_leave_no_gap(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(1000, 100).await);
    let one = json!({"items": [{"productId": product.id, "quantity": 1}]});
    for _ in 0..4 {
        let orders = futures_util::future::join_all((0..12).map(|_| ann.post("/api/orders", one.clone())));
        let (orders, ()) = tokio::join!(orders, app.cut_database());
        assert!(
            orders
                .iter()
                .all(|answer| [201, 500, 503].contains(&answer.status)),
            "{orders:?}"
        );
        app.mend_database();
        let back = async { while app.client().get("/health/ready").await.status != 200 {} };
        tokio::time::timeout(std::time::Duration::from_secs(20), back)
            .await
            .unwrap();
        place(&ann, &product, 1).await;
    }
    assert_eq!(fault(app).await, None);
    app.seal_audit().await;
    let verdict = app.engine().audit_verifier().verify(None).await.unwrap();
    assert_eq!((verdict.fault, verdict.waiting), (None, 0));
    app.leave_jobs();
}

async fn records_of_writers_stay_few(app: &TestApp) {
    let count = async || {
        let rows = app
            .query_raw("SELECT CAST(count(*) AS TEXT) FROM audit_writers")
            .await;
        rows[0][0].clone().unwrap()
    };
    for _ in 0..5 {
        let other = app.another_node().await;
        write_entries(&other.engine, 3).await;
        // As a command does before it ends.
        other.engine.audit_sealer().seal_recorded().await.unwrap();
        other.stop().await;
    }
    assert_eq!(count().await, "1", "that of the node that runs on");
    add_entries(app, 1).await;
    app.seal_audit().await;
    app.advance(crate::HOUR * 30);
    add_entries(app, 2).await;
    app.seal_audit().await;
    assert_eq!(
        count().await,
        "1",
        "one that is not used any more is forgotten a day later"
    );
    assert_eq!(fault(app).await, None);
}

#[expect(clippy::disallowed_methods, reason = "the test puts an earlier database back")]
async fn a_node_with_a_folder_of_its_own_needs_an_acceptance_and_delays_no_other_node(app: &TestApp) {
    chain(app).await;
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().display().to_string();
    // The master key is shared, as nodes have to.
    std::fs::copy(
        app.engine().policies().data_dir.join("master.key"),
        folder.path().join("master.key"),
    )
    .unwrap();
    let other = app.another_node_with(&[("DATA_DIR", &own)]).await;
    let verify = async || other.engine.audit_verifier().verify(None).await.unwrap().fault;
    assert_eq!(verify().await, Some(ChainFault::AnchorMissing));
    let refused = other.engine.audit_sealer().seal(100).await.unwrap_err();
    let refused = std::error::Error::source(&refused).unwrap().to_string();
    assert!(refused.contains("mainstay audit accept --reason"), "{refused}");
    assert_eq!(other.client().get("/health/ready").await.status, 200);
    add_entries(app, 1).await;
    assert_eq!(app.seal_audit().await, 1, "the others go on");
    other
        .engine
        .audit_acceptor()
        .accept("a second node")
        .await
        .unwrap()
        .unwrap();
    app.seal_audit().await;
    assert_eq!((verify().await, fault(app).await), (None, None));
    add_entries(app, 1).await;
    assert_eq!(other.engine.audit_sealer().seal(100).await.unwrap(), 1);
    assert_eq!((verify().await, fault(app).await), (None, None));
    other.stop().await;
}

#[expect(clippy::disallowed_methods, reason = "the test puts an earlier database back")]
async fn the_first_nodes_of_a_new_database_need_no_acceptance(app: &TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().display().to_string();
    std::fs::copy(
        app.engine().policies().data_dir.join("master.key"),
        folder.path().join("master.key"),
    )
    .unwrap();
    let other = app.another_node_with(&[("DATA_DIR", &own)]).await;
    add_entries(app, 1).await;
    assert!(app.seal_audit().await > 0);
    assert_eq!(
        other.engine.audit_verifier().verify(None).await.unwrap().fault,
        None
    );
    add_entries(app, 1).await;
    assert_eq!(other.engine.audit_sealer().seal(100).await.unwrap(), 1);
    other.stop().await;
}
