//! Charges whose outcome was lost: no customer pays for a cancelled order, whenever the loss happens.

use crate::order_cancel_expire::{place, status};
use crate::{HOUR, MINUTE, SECOND};
use mainstay_engine::job::runner::{JobResult, LEASE};
use mainstay_testkit::{TestApp, TestProduct, TestUser, on_both_engines};
use serde_json::json;

on_both_engines! {
    a_charge_whose_answer_was_lost_before_the_cancellation_is_refunded;
    a_charge_whose_answer_is_lost_during_the_cancellation_is_refunded;
    a_charge_whose_worker_died_before_the_commit_is_refunded;
    a_collected_charge_whose_job_is_dead_is_refunded;
    a_charge_after_the_void_collects_nothing;
    a_void_is_retried_until_the_gateway_answers;
    a_dead_charge_allows_another_payment;
    a_dead_charge_that_was_collected_is_settled;
    an_order_whose_charge_is_dead_expires;
    an_order_whose_payment_stays_pending_expires_and_is_refunded;
    a_charge_that_kills_its_workers_is_settled_by_a_void;
}

/// Places an order and starts its payment.
async fn paying(app: &TestApp) -> (TestUser, TestProduct, String) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 2).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    (ann, product, path)
}

async fn cancel(person: &TestUser, path: &str) {
    person.post_nothing(&format!("{path}/cancel")).await.expect(200);
}

/// Checks that everything collected is refunded exactly once, that the order shows it, and that the stock is
/// returned.
async fn check_all_refunded(app: &TestApp, (ann, product, path): &(TestUser, TestProduct, String)) {
    assert_eq!(app.gateway.collected().len(), 1);
    assert_eq!(app.gateway.repaid(), app.gateway.collected());
    let ann = app.sign_in(&ann.email, &ann.password).await;
    let order = ann.get(path).await.data();
    assert_eq!(
        (&order["status"], &order["refunded"]["amount"]),
        (&json!("cancelled"), &json!(200))
    );
    assert_eq!(app.stock(product).await, 5);
    assert_eq!(payments(app).await, ["refunded"]);
    assert!(app.mailbox.messages().is_empty());
}

/// The status of every payment, sorted alphabetically.
async fn payments(app: &TestApp) -> Vec<String> {
    let rows = app.query_raw("SELECT status FROM payments ORDER BY status").await;
    rows.into_iter().flatten().flatten().collect()
}

async fn a_charge_whose_answer_was_lost_before_the_cancellation_is_refunded(app: &TestApp) {
    let bought = paying(app).await;
    app.gateway.lose_next_answer();
    assert_eq!(
        app.run_jobs().await,
        [("payment.charge".to_owned(), JobResult::Retrying)]
    );
    cancel(&bought.0, &bought.2).await;
    app.advance(2 * SECOND);
    app.run_jobs().await;
    check_all_refunded(app, &bought).await;
}

async fn a_charge_whose_answer_is_lost_during_the_cancellation_is_refunded(app: &TestApp) {
    let bought = paying(app).await;
    let paused = app.gateway.hold();
    app.gateway.lose_next_answer();
    let charging = app.run_jobs();
    let cancelling = async {
        paused.entered().await;
        cancel(&bought.0, &bought.2).await;
        paused.let_go();
    };
    tokio::join!(charging, cancelling);
    app.advance(2 * SECOND);
    app.run_jobs().await;
    check_all_refunded(app, &bought).await;
}

async fn a_charge_whose_worker_died_before_the_commit_is_refunded(app: &TestApp) {
    let bought = paying(app).await;
    // Between the gateway's answer and the commit another worker gets the job: the first worker's result is discarded.
    let dying = app.engine().jobs().claim(10).await.unwrap().remove(0);
    app.advance(LEASE);
    let other = app.engine().jobs().claim(10).await.unwrap().remove(0);
    assert_eq!(app.engine().jobs().run(&dying).await, JobResult::Lost);
    assert_eq!(app.gateway.collected().len(), 1);
    cancel(&bought.0.refreshed().await, &bought.2).await;
    assert_eq!(app.engine().jobs().run(&other).await, JobResult::Done);
    app.run_jobs().await;
    check_all_refunded(app, &bought).await;
}

async fn a_collected_charge_whose_job_is_dead_is_refunded(app: &TestApp) {
    let bought = paying(app).await;
    app.execute_raw("UPDATE jobs SET max_attempts = 1").await;
    app.gateway.lose_next_answer();
    let charge = app.engine().jobs().claim(10).await.unwrap().remove(0);
    assert_eq!(app.engine().jobs().run(&charge).await, JobResult::Dead);
    cancel(&bought.0, &bought.2).await;
    app.run_jobs().await;
    check_all_refunded(app, &bought).await;
    app.leave_jobs();
}

async fn a_charge_after_the_void_collects_nothing(app: &TestApp) {
    let bought = paying(app).await;
    let charge = app.engine().jobs().claim(10).await.unwrap().remove(0);
    let paused = app.gateway.hold();
    let charging = app.engine().jobs().run(&charge);
    let cancelling = async {
        paused.entered().await;
        cancel(&bought.0, &bought.2).await;
        assert_eq!(
            app.run_jobs().await,
            [("payment.void".to_owned(), JobResult::Done)]
        );
        paused.let_go();
    };
    assert_eq!(tokio::join!(charging, cancelling).0, JobResult::Done);
    assert!(app.run_jobs().await.is_empty());
    assert_eq!(
        (app.gateway.collected().len(), app.gateway.voided().len()),
        (0, 1)
    );
    assert_eq!(status(&bought.0, &bought.2).await, "cancelled");
    assert_eq!(payments(app).await, ["cancelled"]);
}

async fn a_void_is_retried_until_the_gateway_answers(app: &TestApp) {
    let bought = paying(app).await;
    app.gateway.lose_next_answer();
    app.run_jobs().await;
    cancel(&bought.0, &bought.2).await;
    app.gateway.fail_next(20);
    for _ in 0..20 {
        let ran = app.run_jobs().await;
        assert!(
            ran.contains(&("payment.void".to_owned(), JobResult::Retrying)),
            "{ran:?}"
        );
        app.advance(2 * HOUR);
    }
    app.gateway.lose_next_answer();
    app.run_jobs().await;
    app.advance(2 * HOUR);
    app.run_jobs().await;
    check_all_refunded(app, &bought).await;
}

/// Lets the charge fail until its job is dead.
async fn exhaust_the_charge(app: &TestApp) {
    for attempt in 1..=12 {
        let charge = app.engine().jobs().claim(10).await.unwrap().remove(0);
        let expected = if attempt < 12 {
            JobResult::Retrying
        } else {
            JobResult::Dead
        };
        assert_eq!(
            app.engine().jobs().run(&charge).await,
            expected,
            "attempt {attempt}"
        );
        if attempt < 12 {
            app.advance(HOUR);
        }
    }
    app.leave_jobs();
}

async fn a_dead_charge_allows_another_payment(app: &TestApp) {
    let (ann, _, path) = paying(app).await;
    // Twelve attempts take longer than the order's reservation.
    app.execute_raw("UPDATE jobs SET max_attempts = 1 WHERE kind = 'payment.charge'")
        .await;
    app.gateway.fail_next(1);
    let ran = app.run_jobs().await;
    let expected = [
        ("payment.charge", JobResult::Dead),
        ("payment.void", JobResult::Done),
    ];
    assert_eq!(ran, expected.map(|(kind, ran)| (kind.to_owned(), ran)));
    assert_eq!(payments(app).await, ["failed"]);
    assert_eq!(status(&ann, &path).await, "pending");
    let pay = format!("{path}/pay");
    ann.post_nothing(&pay).await.expect(202);
    app.run_jobs().await;
    assert_eq!(status(&ann, &path).await, "paid");
    assert_eq!(payments(app).await, ["failed", "succeeded"]);
    // An administrator retries the dead charge: the payment is settled, and nothing more is collected.
    let dead = app.admin().await.get("/api/jobs?state=dead").await.list();
    let retry = format!("/api/jobs/{}/retry", dead[0]["id"].as_str().unwrap());
    app.admin().await.post_nothing(&retry).await.expect(204);
    assert_eq!(
        app.run_jobs().await,
        [("payment.charge".to_owned(), JobResult::Done)]
    );
    assert_eq!(
        (app.gateway.collected().len(), app.gateway.repaid().len()),
        (1, 0)
    );
}

async fn a_dead_charge_that_was_collected_is_settled(app: &TestApp) {
    let (ann, product, path) = paying(app).await;
    app.gateway.lose_next_answer();
    app.gateway.fail_next(11);
    exhaust_the_charge(app).await;
    assert_eq!(
        app.run_jobs().await[0],
        ("payment.void".to_owned(), JobResult::Done)
    );
    let ann = app.sign_in(&ann.email, &ann.password).await;
    assert_eq!(status(&ann, &path).await, "paid");
    assert_eq!(
        (app.gateway.collected().len(), app.gateway.repaid().len()),
        (1, 0)
    );
    assert_eq!(app.stock(&product).await, 3);
}

async fn an_order_whose_charge_is_dead_expires(app: &TestApp) {
    let (ann, product, path) = paying(app).await;
    app.gateway.fail_next(12);
    exhaust_the_charge(app).await;
    app.run_jobs().await;
    assert_eq!(payments(app).await, ["failed"]);
    assert_eq!(
        mainstay_services::order::expire_orders(app.engine().pipeline())
            .await
            .unwrap(),
        1
    );
    let ann = app.sign_in(&ann.email, &ann.password).await;
    assert_eq!(status(&ann, &path).await, "expired");
    assert_eq!(app.stock(&product).await, 5);
    assert!(app.gateway.collected().is_empty());
}

async fn an_order_whose_payment_stays_pending_expires_and_is_refunded(app: &TestApp) {
    let (ann, product, path) = paying(app).await;
    app.gateway.lose_next_answer();
    app.gateway.fail_next(1);
    app.run_jobs().await;
    app.advance(2 * HOUR - MINUTE);
    app.run_jobs().await;
    assert_eq!(
        mainstay_services::order::expire_orders(app.engine().pipeline())
            .await
            .unwrap(),
        0,
        "the charge is still attempted"
    );
    app.advance(MINUTE);
    assert_eq!(
        mainstay_services::order::expire_orders(app.engine().pipeline())
            .await
            .unwrap(),
        1
    );
    assert_eq!(app.stock(&product).await, 5);
    app.run_jobs().await;
    assert_eq!(app.gateway.collected().len(), 1);
    assert_eq!(app.gateway.repaid(), app.gateway.collected());
    let ann = app.sign_in(&ann.email, &ann.password).await;
    let order = ann.get(&path).await.data();
    assert_eq!(
        (&order["status"], &order["refunded"]["amount"]),
        (&json!("expired"), &json!(200))
    );
}

async fn a_charge_that_kills_its_workers_is_settled_by_a_void(app: &TestApp) {
    let (_, _, _) = paying(app).await;
    for _ in 1..=12 {
        assert_eq!(
            app.engine().jobs().claim(10).await.unwrap()[0].kind,
            "payment.charge"
        );
        app.advance(LEASE);
        // The next claim recovers the job of the worker that is gone; then its backoff runs.
        app.engine().jobs().claim(0).await.unwrap();
        app.advance(HOUR);
    }
    assert_eq!(
        app.run_jobs().await,
        [("payment.void".to_owned(), JobResult::Done)]
    );
    assert_eq!(payments(app).await, ["failed"]);
    assert_eq!(app.gateway.voided().len(), 1);
    app.leave_jobs();
}
