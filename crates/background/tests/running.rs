//! The loops over the real services: nobody asks, and it happens.

use mainstay_background::{Background, BackgroundOptions};
use mainstay_domain::error::{Error, Unauthenticated};
use mainstay_domain::event::Event;
use mainstay_services::Context;
use mainstay_testkit::{Person, TestApp, on_both_engines};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;

on_both_engines! {
    a_paid_order_is_charged_and_mailed_by_itself;
    what_the_loops_leave_at_the_end_another_worker_finds;
    an_order_that_nobody_paid_is_given_up_by_itself;
    a_process_that_is_no_worker_does_no_job;
    what_was_told_is_linked_within_a_second_and_before_the_end;
    a_process_of_any_role_links_what_it_wrote;
    the_head_is_sent_away_on_a_schedule;
}

fn start(app: &TestApp, worker: bool) -> Background {
    let options = BackgroundOptions {
        worker,
        grace: Duration::from_secs(10),
        ..BackgroundOptions::default()
    };
    Background::start(app.services().clone(), options)
}

async fn order(app: &TestApp, buyer: &Person) -> String {
    let product = app.product(5, 1999).await;
    let body = json!({"items": [{"productId": product.id, "quantity": 2}]});
    let order = buyer.post("/api/orders", body).await.expect(201).data();
    format!("/api/orders/{}", order["id"].as_str().expect("orders have ids"))
}

/// Waits until an event of this kind is told.
async fn heard(mut told: Receiver<Arc<Event>>, kind: &str) {
    let heard = async { while told.recv().await.expect("it is told in this process").kind != kind {} };
    assert!(
        tokio::time::timeout(Duration::from_secs(20), heard).await.is_ok(),
        "{kind} was not told"
    );
}

async fn a_paid_order_is_charged_and_mailed_by_itself(app: &TestApp) {
    let background = start(app, true);
    let told = app.services().live().listen();
    let ada = app.customer("ada").await;
    let order = order(app, &ada).await;
    ada.post(&format!("{order}/pay"), json!({})).await.expect(202);
    heard(told, "order.paid").await;
    assert_eq!(ada.get(&order).await.expect(200).data()["status"], "paid");
    background.stop().await;
    // The mail was begun and has finished, or was given back; either way it is sent once.
    app.run_jobs().await;
    let mail = app.mailbox.messages();
    assert_eq!(
        mail.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(),
        ["ada@example.com"]
    );
    assert!(
        mail[0].text.contains("39.98 USD") && mail[0].id.starts_with("order-paid-"),
        "{mail:?}"
    );
}

async fn what_the_loops_leave_at_the_end_another_worker_finds(app: &TestApp) {
    let background = start(app, true);
    background.drain();
    let ada = app.customer("ada").await;
    let order = order(app, &ada).await;
    ada.post(&format!("{order}/pay"), json!({})).await.expect(202);
    background.stop().await;
    assert_eq!(ada.get(&order).await.expect(200).data()["status"], "pending");
    app.run_jobs().await;
    assert_eq!(ada.get(&order).await.expect(200).data()["status"], "paid");
}

async fn an_order_that_nobody_paid_is_given_up_by_itself(app: &TestApp) {
    let ada = app.customer("ada").await;
    let order = order(app, &ada).await;
    app.pass(Duration::from_hours(1));
    let told = app.services().live().listen();
    let background = start(app, true);
    heard(told, "order.expired").await;
    background.stop().await;
    let ada = app.sign_in(&ada.email, &ada.password).await;
    assert_eq!(ada.get(&order).await.expect(200).data()["status"], "expired");
}

async fn a_process_that_is_no_worker_does_no_job(app: &TestApp) {
    let background = start(app, false);
    let ada = app.customer("ada").await;
    let order = order(app, &ada).await;
    ada.post(&format!("{order}/pay"), json!({})).await.expect(202);
    // Counted in memory, and written by a loop that every process has.
    let refused = Error::Unauthenticated(Unauthenticated::Invalid);
    app.services()
        .note_refused(&Context::anonymous(), "user.me", &refused);
    background.stop().await;
    assert_eq!(ada.get(&order).await.expect(200).data()["status"], "pending");
    let refused = app
        .peek("SELECT CAST(count(*) AS TEXT) FROM security_events")
        .await;
    assert_eq!(refused[0][0].as_deref(), Some("1"));
    app.run_jobs().await;
}

async fn what_was_told_is_linked_within_a_second_and_before_the_end(app: &TestApp) {
    let background = start(app, true);
    let waiting = async || {
        app.services()
            .verify_audit(None)
            .await
            .expect("the database is there")
            .waiting
    };
    for _ in 0..5 {
        app.product(1, 100).await;
        let linked = async { while waiting().await > 0 {} };
        let linked = tokio::time::timeout(Duration::from_secs(1), linked).await;
        assert!(linked.is_ok(), "{} still wait", waiting().await);
    }
    app.product(1, 100).await;
    background.stop().await;
    assert_eq!(waiting().await, 0);
    // Nor does what was told where no loop runs wait for one that does.
    app.product(1, 100).await;
    assert!(waiting().await > 0);
    app.services()
        .seal_what_was_told()
        .await
        .expect("the database is there");
    assert_eq!(waiting().await, 0);
}

async fn a_process_of_any_role_links_what_it_wrote(app: &TestApp) {
    let background = start(app, false);
    app.product(1, 100).await;
    let linked = async {
        while app
            .services()
            .verify_audit(None)
            .await
            .expect("the database is there")
            .waiting
            > 0
        {}
    };
    tokio::time::timeout(Duration::from_secs(5), linked)
        .await
        .expect("it is linked");
    background.stop().await;
}

async fn the_head_is_sent_away_on_a_schedule(app: &TestApp) {
    let sent = async |count: usize| {
        let sent = async {
            while app.heads.all().len() < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), sent)
            .await
            .expect("it is sent");
        app.heads.all()
    };
    app.product(1, 100).await;
    app.seal_audit().await;
    let background = start(app, true);
    let first = sent(1).await.remove(0);
    app.heads.set_away(true);
    app.pass(Duration::from_mins(61));
    let none_failed = || {
        let figures = app.services().parts().metrics.encode();
        figures.contains("mainstay_audit_head_failures_total 0")
    };
    let failed = async {
        while none_failed() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), failed)
        .await
        .expect("it is tried");
    assert_eq!(app.heads.all().len(), 1);
    app.heads.set_away(false);
    let second = sent(2).await.remove(1);
    assert!(
        first.seq > 0 && second.seq >= first.seq && first.id != second.id,
        "{first:?} {second:?}"
    );
    background.stop().await;
    assert_eq!(app.heads.all().len(), 2, "once in an hour");
}
