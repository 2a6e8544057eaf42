//! Payments: refused, repeated, interrupted, and with the gateway unavailable.

use crate::order_cancel_expire::{place, status};
use crate::{MINUTE, SECOND};
use mainstay_engine::job::runner::JobResult;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    a_refused_payment_may_be_tried_again;
    a_charge_is_retried_while_the_gateway_is_away;
    a_lost_gateway_answer_charges_once;
    trap_19_concurrent_payments_make_one_charge;
    a_pending_payment_is_returned_and_not_started_again;
    an_order_cancelled_during_the_charge_is_refunded;
    a_payment_voided_in_time_is_never_collected;
    a_closed_gateway_answers_unavailable_at_once;
    a_failed_mail_is_retried_and_sent_once;
}

async fn a_refused_payment_may_be_tried_again(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    let pay = format!("{path}/pay");
    app.gateway.refuse_next("the card was declined");
    let first = ann.post_nothing(&pay).await.expect(202).data();
    assert_eq!(
        app.run_jobs().await,
        [("payment.charge".to_owned(), JobResult::Done)]
    );
    assert_eq!(status(&ann, &path).await, "pending");
    assert_eq!(app.stock(&product).await, 4, "still held");
    let second = ann.post_nothing(&pay).await.expect(202).data();
    assert_ne!(second["paymentId"], first["paymentId"]);
    app.run_jobs().await;
    assert_eq!(status(&ann, &path).await, "paid");
    assert_eq!(app.gateway.collected().len(), 1);
    let trail = app
        .admin()
        .await
        .get("/api/audit?resource=payment&action=UPDATE")
        .await
        .list();
    assert!(
        trail
            .iter()
            .any(|entry| entry["after"]["failure"] == "the card was declined"),
        "{trail:?}"
    );
}

async fn a_charge_is_retried_while_the_gateway_is_away(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    app.gateway.fail_next(3);
    for wait in [2, 4, 8] {
        assert_eq!(
            app.run_jobs().await,
            [("payment.charge".to_owned(), JobResult::Retrying)]
        );
        assert!(
            app.run_jobs().await.is_empty(),
            "not before the backoff has passed"
        );
        app.advance(wait * SECOND);
    }
    app.run_jobs().await;
    assert_eq!(status(&ann, &path).await, "paid");
    assert_eq!((app.gateway.calls(), app.gateway.collected().len()), (4, 1));
}

async fn a_lost_gateway_answer_charges_once(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    app.gateway.lose_next_answer();
    app.run_jobs().await;
    assert_eq!(status(&ann, &path).await, "pending");
    app.advance(2 * SECOND);
    app.run_jobs().await;
    assert_eq!(status(&ann, &path).await, "paid");
    assert_eq!(app.gateway.collected().len(), 1);
}

async fn trap_19_concurrent_payments_make_one_charge(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    let pay = format!("{path}/pay");
    let answers = futures_util::future::join_all((0..8).map(|_| ann.post_nothing(&pay))).await;
    let ids: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.expect(202).data()["paymentId"].take())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    app.run_jobs().await;
    let again = ann.post_nothing(&pay).await.expect(200).data();
    assert_eq!(
        (&again["paymentId"], &again["status"]),
        (&ids[0], &json!("succeeded"))
    );
    assert!(app.run_jobs().await.is_empty());
    assert_eq!((app.gateway.calls(), app.gateway.collected().len()), (1, 1));
}

async fn a_pending_payment_is_returned_and_not_started_again(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    let pay = format!("{path}/pay");
    let first = ann.post_nothing(&pay).await.expect(202).data();
    app.gateway.fail_next(1);
    app.run_jobs().await;
    assert_eq!(ann.post_nothing(&pay).await.expect(202).data(), first);
    app.advance(2 * SECOND);
    app.run_jobs().await;
    assert_eq!(app.gateway.collected().len(), 1);
}

async fn an_order_cancelled_during_the_charge_is_refunded(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    let paused = app.gateway.hold();
    let charging = app.run_jobs();
    let cancelling = async {
        paused.entered().await;
        ann.post_nothing(&format!("{path}/cancel")).await.expect(200);
        paused.let_go();
    };
    tokio::join!(charging, cancelling);
    app.run_jobs().await;
    assert_eq!(status(&ann, &path).await, "cancelled");
    assert_eq!(app.gateway.collected().len(), 1);
    assert_eq!(
        app.gateway.repaid(),
        app.gateway.collected(),
        "what was collected is refunded"
    );
    assert_eq!(app.stock(&product).await, 5);
    assert!(
        app.mailbox.messages().is_empty(),
        "a cancelled order sends no mail"
    );
}

async fn a_payment_voided_in_time_is_never_collected(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    ann.post_nothing(&format!("{path}/cancel")).await.expect(200);
    app.run_jobs().await;
    assert_eq!(
        (app.gateway.voided().len(), app.gateway.collected().len()),
        (1, 0)
    );
    assert_eq!(status(&ann, &path).await, "cancelled");
}

async fn a_closed_gateway_answers_unavailable_at_once(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    app.gateway.set_closed(true);
    let answer = ann
        .post_nothing(&format!("{path}/pay"))
        .await
        .expect_error(503, "UNAVAILABLE");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    app.gateway.set_closed(false);
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    app.run_jobs().await;
    assert_eq!(status(&ann, &path).await, "paid");
}

async fn a_failed_mail_is_retried_and_sent_once(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    app.mailbox.fail_next(2);
    app.run_jobs().await;
    assert_eq!(
        status(&ann, &path).await,
        "paid",
        "a failing mail does not hold up the payment"
    );
    assert!(app.mailbox.messages().is_empty());
    for _ in 0..2 {
        app.advance(MINUTE);
        app.run_jobs().await;
    }
    assert_eq!(app.mailbox.messages().len(), 1);
}
