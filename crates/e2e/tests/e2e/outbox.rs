//! The outbox: events reach every subscriber at least once, and each enqueues one job.

use crate::order_cancel_expire::place;
use mainstay_testkit::{TestApp, on_both_engines};

on_both_engines! {
    an_event_relayed_repeatedly_enqueues_one_job;
    an_event_relayed_again_sends_mail_with_the_same_message_id;
    a_rolled_back_transaction_leaves_no_event;
    events_are_pruned_only_after_they_were_relayed;
    an_event_carries_the_owner_of_its_resource_and_not_its_cause;
}

const WAITING: &str = "SELECT CAST(count(*) AS TEXT) FROM outbox WHERE relayed_at IS NULL";
const MAILS: &str = "SELECT CAST(count(*) AS TEXT) FROM jobs WHERE kind = 'mail.order-paid'";

async fn count(app: &TestApp, sql: &str) -> u64 {
    app.query_raw(sql).await[0][0]
        .as_deref()
        .unwrap()
        .parse()
        .unwrap()
}

/// Pays an order, up to the event `order.paid`.
async fn paid(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    let jobs = app.engine().jobs().claim(10).await.unwrap();
    app.engine().jobs().run_all(jobs, 1).await;
}

async fn an_event_relayed_repeatedly_enqueues_one_job(app: &TestApp) {
    paid(app).await;
    assert_ne!(count(app, WAITING).await, 0);
    let other = app.another_node().await;
    let relays = (0..6).map(|number| {
        let engine = if number % 2 == 0 {
            app.engine()
        } else {
            &other.engine
        };
        engine.relay().relay(100)
    });
    for relayed in futures_util::future::join_all(relays).await {
        relayed.unwrap();
    }
    assert_eq!((count(app, WAITING).await, count(app, MAILS).await), (0, 1));
    // As if a relay had died before it marked the events.
    app.execute_raw("UPDATE outbox SET relayed_at = NULL").await;
    app.engine().relay().relay(100).await.unwrap();
    assert_eq!((count(app, WAITING).await, count(app, MAILS).await), (0, 1));
    app.run_jobs().await;
    assert_eq!(app.mailbox.messages().len(), 1);
    other.stop().await;
}

async fn an_event_relayed_again_sends_mail_with_the_same_message_id(app: &TestApp) {
    paid(app).await;
    app.run_jobs().await;
    app.execute_raw("UPDATE outbox SET relayed_at = NULL").await;
    app.run_jobs().await;
    let messages = app.mailbox.messages();
    assert!(
        messages.iter().all(|message| message.id == messages[0].id),
        "a mailbox can show it once: {messages:?}"
    );
}

async fn a_rolled_back_transaction_leaves_no_event(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(1, 100).await);
    place(&ann, &product, 1).await;
    app.engine().relay().relay(100).await.unwrap();
    let body = serde_json::json!({"items": [{"productId": product.id, "quantity": 1}]});
    ann.post("/api/orders", body)
        .await
        .expect_error(409, "OUT_OF_STOCK");
    assert_eq!(count(app, WAITING).await, 0);
}

async fn events_are_pruned_only_after_they_were_relayed(app: &TestApp) {
    paid(app).await;
    app.run_jobs().await;
    app.advance(8 * 24 * crate::HOUR);
    app.engine().sweeper().prune().await.unwrap();
    assert_eq!(count(app, "SELECT CAST(count(*) AS TEXT) FROM outbox").await, 0);
    paid(app).await;
    app.advance(8 * 24 * crate::HOUR);
    app.engine().sweeper().prune().await.unwrap();
    assert_ne!(count(app, WAITING).await, 0, "unrelayed events stay");
    app.run_jobs().await;
}

async fn an_event_carries_the_owner_of_its_resource_and_not_its_cause(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    let jobs = app.engine().jobs().claim(10).await.unwrap();
    app.engine().jobs().run_all(jobs, 1).await;
    let mut events = app.engine().live().listen();
    app.engine().relay().relay(100).await.unwrap();
    let mut owners = std::collections::BTreeMap::new();
    while let Ok(event) = events.try_recv() {
        let text = |id: Option<mainstay_domain::id::UserId>| id.map(|id| id.to_string());
        owners.insert(event.kind.clone(), (text(event.owner), text(event.user_id)));
    }
    let owner_and_actor = |kind: &str| owners[kind].clone();
    let ann = || Some(ann.id.clone());
    assert_eq!(owner_and_actor("order.placed"), (ann(), ann()));
    assert_eq!(
        owner_and_actor("order.paid"),
        (ann(), None),
        "a worker settles the payment"
    );
    assert_eq!(
        owner_and_actor("product.created").0,
        None,
        "a product has no owner"
    );
    app.leave_jobs();
}
