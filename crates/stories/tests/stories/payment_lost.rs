//! Charges whose outcome was lost: nobody is charged for a cancelled order, whenever the loss.

use crate::order_end::{place, status};
use crate::{HOUR, MINUTE, SECOND};
use mainstay_services::job::run::{LEASE, Ran};
use mainstay_testkit::{Person, TestApp, TestProduct, on_both_engines};
use serde_json::json;

on_both_engines! {
    money_whose_answer_was_lost_before_the_order_was_cancelled_goes_back;
    money_whose_answer_is_lost_while_the_order_is_cancelled_goes_back;
    money_whose_worker_died_before_it_noted_it_goes_back;
    money_whose_charge_was_given_up_goes_back;
    a_charge_that_comes_after_the_void_collects_nothing;
    a_void_is_asked_for_until_the_gateway_is_there;
    a_charge_that_is_given_up_frees_the_order_for_another_payment;
    a_charge_that_is_given_up_is_settled_when_it_was_collected;
    an_order_whose_charge_was_given_up_expires;
    an_order_whose_payment_never_ends_expires_and_is_repaid;
    a_charge_that_takes_its_workers_down_is_settled_by_a_void;
}

/// An order whose payment was begun.
async fn paying(app: &TestApp) -> (Person, TestProduct, String) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 2).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    (ann, product, path)
}

async fn cancel(person: &Person, path: &str) {
    person.post_nothing(&format!("{path}/cancel")).await.expect(200);
}

/// Everything that was ever collected went back, once; the order says so, and the stock is there.
async fn all_went_back(app: &TestApp, (ann, product, path): &(Person, TestProduct, String)) {
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

/// The status of every payment there is, in the order of the alphabet.
async fn payments(app: &TestApp) -> Vec<String> {
    let rows = app.peek("SELECT status FROM payments ORDER BY status").await;
    rows.into_iter().flatten().flatten().collect()
}

async fn money_whose_answer_was_lost_before_the_order_was_cancelled_goes_back(app: &TestApp) {
    let bought = paying(app).await;
    app.gateway.lose_next_answer();
    assert_eq!(
        app.run_jobs().await,
        [("payment.charge".to_owned(), Ran::Retrying)]
    );
    cancel(&bought.0, &bought.2).await;
    app.pass(2 * SECOND);
    app.run_jobs().await;
    all_went_back(app, &bought).await;
}

async fn money_whose_answer_is_lost_while_the_order_is_cancelled_goes_back(app: &TestApp) {
    let bought = paying(app).await;
    let held = app.gateway.hold();
    app.gateway.lose_next_answer();
    let charging = app.run_jobs();
    let cancelling = async {
        held.entered().await;
        cancel(&bought.0, &bought.2).await;
        held.let_go();
    };
    tokio::join!(charging, cancelling);
    app.pass(2 * SECOND);
    app.run_jobs().await;
    all_went_back(app, &bought).await;
}

async fn money_whose_worker_died_before_it_noted_it_goes_back(app: &TestApp) {
    let bought = paying(app).await;
    // Between the gateway and the commit another worker has the job: what was done for it is not kept.
    let dying = app.services().claim_jobs(10).await.unwrap().remove(0);
    app.pass(LEASE);
    let other = app.services().claim_jobs(10).await.unwrap().remove(0);
    assert_eq!(app.services().run_job(&dying).await, Ran::Lost);
    assert_eq!(app.gateway.collected().len(), 1);
    cancel(&bought.0.refreshed().await, &bought.2).await;
    assert_eq!(app.services().run_job(&other).await, Ran::Done);
    app.run_jobs().await;
    all_went_back(app, &bought).await;
}

async fn money_whose_charge_was_given_up_goes_back(app: &TestApp) {
    let bought = paying(app).await;
    app.tamper("UPDATE jobs SET max_attempts = 1").await;
    app.gateway.lose_next_answer();
    let charge = app.services().claim_jobs(10).await.unwrap().remove(0);
    assert_eq!(app.services().run_job(&charge).await, Ran::Dead);
    cancel(&bought.0, &bought.2).await;
    app.run_jobs().await;
    all_went_back(app, &bought).await;
    app.leave_jobs();
}

async fn a_charge_that_comes_after_the_void_collects_nothing(app: &TestApp) {
    let bought = paying(app).await;
    let charge = app.services().claim_jobs(10).await.unwrap().remove(0);
    let held = app.gateway.hold();
    let charging = app.services().run_job(&charge);
    let cancelling = async {
        held.entered().await;
        cancel(&bought.0, &bought.2).await;
        assert_eq!(app.run_jobs().await, [("payment.void".to_owned(), Ran::Done)]);
        held.let_go();
    };
    assert_eq!(tokio::join!(charging, cancelling).0, Ran::Done);
    assert!(app.run_jobs().await.is_empty());
    assert_eq!(
        (app.gateway.collected().len(), app.gateway.voided().len()),
        (0, 1)
    );
    assert_eq!(status(&bought.0, &bought.2).await, "cancelled");
    assert_eq!(payments(app).await, ["cancelled"]);
}

async fn a_void_is_asked_for_until_the_gateway_is_there(app: &TestApp) {
    let bought = paying(app).await;
    app.gateway.lose_next_answer();
    app.run_jobs().await;
    cancel(&bought.0, &bought.2).await;
    app.gateway.be_away(20);
    for _ in 0..20 {
        let ran = app.run_jobs().await;
        assert!(
            ran.contains(&("payment.void".to_owned(), Ran::Retrying)),
            "{ran:?}"
        );
        app.pass(2 * HOUR);
    }
    app.gateway.lose_next_answer();
    app.run_jobs().await;
    app.pass(2 * HOUR);
    app.run_jobs().await;
    all_went_back(app, &bought).await;
}

/// Lets the charge fail until it is given up.
async fn give_the_charge_up(app: &TestApp) {
    for attempt in 1..=12 {
        let charge = app.services().claim_jobs(10).await.unwrap().remove(0);
        let expected = if attempt < 12 { Ran::Retrying } else { Ran::Dead };
        assert_eq!(
            app.services().run_job(&charge).await,
            expected,
            "attempt {attempt}"
        );
        if attempt < 12 {
            app.pass(HOUR);
        }
    }
    app.leave_jobs();
}

async fn a_charge_that_is_given_up_frees_the_order_for_another_payment(app: &TestApp) {
    let (ann, _, path) = paying(app).await;
    // Twelve attempts take longer than the order may wait.
    app.tamper("UPDATE jobs SET max_attempts = 1 WHERE kind = 'payment.charge'")
        .await;
    app.gateway.be_away(1);
    let ran = app.run_jobs().await;
    let expected = [("payment.charge", Ran::Dead), ("payment.void", Ran::Done)];
    assert_eq!(ran, expected.map(|(kind, ran)| (kind.to_owned(), ran)));
    assert_eq!(payments(app).await, ["failed"]);
    assert_eq!(status(&ann, &path).await, "pending");
    let pay = format!("{path}/pay");
    ann.post_nothing(&pay).await.expect(202);
    app.run_jobs().await;
    assert_eq!(status(&ann, &path).await, "paid");
    assert_eq!(payments(app).await, ["failed", "succeeded"]);
    // A person puts the dead one back in its line: it is settled, and collects nothing more.
    let dead = app.admin().await.get("/api/jobs?state=dead").await.list();
    let retry = format!("/api/jobs/{}/retry", dead[0]["id"].as_str().unwrap());
    app.admin().await.post_nothing(&retry).await.expect(204);
    assert_eq!(app.run_jobs().await, [("payment.charge".to_owned(), Ran::Done)]);
    assert_eq!(
        (app.gateway.collected().len(), app.gateway.repaid().len()),
        (1, 0)
    );
}

async fn a_charge_that_is_given_up_is_settled_when_it_was_collected(app: &TestApp) {
    let (ann, product, path) = paying(app).await;
    app.gateway.lose_next_answer();
    app.gateway.be_away(11);
    give_the_charge_up(app).await;
    assert_eq!(app.run_jobs().await[0], ("payment.void".to_owned(), Ran::Done));
    let ann = app.sign_in(&ann.email, &ann.password).await;
    assert_eq!(status(&ann, &path).await, "paid");
    assert_eq!(
        (app.gateway.collected().len(), app.gateway.repaid().len()),
        (1, 0)
    );
    assert_eq!(app.stock(&product).await, 3);
}

async fn an_order_whose_charge_was_given_up_expires(app: &TestApp) {
    let (ann, product, path) = paying(app).await;
    app.gateway.be_away(12);
    give_the_charge_up(app).await;
    app.run_jobs().await;
    assert_eq!(payments(app).await, ["failed"]);
    assert_eq!(app.services().expire_orders().await.unwrap(), 1);
    let ann = app.sign_in(&ann.email, &ann.password).await;
    assert_eq!(status(&ann, &path).await, "expired");
    assert_eq!(app.stock(&product).await, 5);
    assert!(app.gateway.collected().is_empty());
}

async fn an_order_whose_payment_never_ends_expires_and_is_repaid(app: &TestApp) {
    let (ann, product, path) = paying(app).await;
    app.gateway.lose_next_answer();
    app.gateway.be_away(1);
    app.run_jobs().await;
    app.pass(2 * HOUR - MINUTE);
    app.run_jobs().await;
    assert_eq!(
        app.services().expire_orders().await.unwrap(),
        0,
        "it is still asked for"
    );
    app.pass(MINUTE);
    assert_eq!(app.services().expire_orders().await.unwrap(), 1);
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

async fn a_charge_that_takes_its_workers_down_is_settled_by_a_void(app: &TestApp) {
    let (_, _, _) = paying(app).await;
    for _ in 1..=12 {
        assert_eq!(
            app.services().claim_jobs(10).await.unwrap()[0].kind,
            "payment.charge"
        );
        app.pass(LEASE);
        // Whoever looks finds out that the worker is gone; then it waits.
        app.services().claim_jobs(0).await.unwrap();
        app.pass(HOUR);
    }
    assert_eq!(app.run_jobs().await, [("payment.void".to_owned(), Ran::Done)]);
    assert_eq!(payments(app).await, ["failed"]);
    assert_eq!(app.gateway.voided().len(), 1);
    app.leave_jobs();
}
