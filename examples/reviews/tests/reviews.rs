//! Reviews, over HTTP.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! { of reviews::app() =>
    each_customer_reviews_a_product_once;
    buyers_are_invited with REVIEWS_GREETING = "Dear";
}

async fn each_customer_reviews_a_product_once(app: &TestApp) {
    let product = app.product(1, 500).await;
    let path = format!("/api/products/{}/reviews", product.id);
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let review = json!({"stars": 5, "text": "It holds tea."});
    let written = ann.post(&path, review.clone()).await.expect(201).data();
    ann.post(&path, review.clone())
        .await
        .expect_error(409, "CONFLICT");
    app.client()
        .post(&path, review)
        .await
        .expect_error(401, "UNAUTHORIZED");
    ann.post(&path, json!({"stars": 6, "text": "!"}))
        .await
        .expect_error(400, "VALIDATION_FAILED");
    assert_eq!(app.client().get(&path).await.expect(200).list().len(), 1);
    let one = format!("/api/reviews/{}", written["id"].as_str().expect("it has an id"));
    bob.delete(&one).await.expect_error(403, "FORBIDDEN");
    let grant = json!({"permission": "remove:review"});
    app.admin()
        .await
        .post(&format!("/api/users/{}/permissions", bob.id), grant)
        .await
        .expect(201);
    bob.delete(&one).await.expect(204);
    let trail = app
        .admin()
        .await
        .get("/api/audit?resource=review")
        .await
        .expect(200)
        .list();
    assert_eq!(trail.len(), 2);
}

async fn buyers_are_invited(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(1, 500).await);
    let lines = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let order = ann.post("/api/orders", lines).await.expect(201).data();
    let pay = format!("/api/orders/{}/pay", order["id"].as_str().expect("it has an id"));
    ann.post_nothing(&pay).await.expect(202);
    app.run_jobs().await;
    let mails = app.mailbox.messages();
    assert!(
        mails.iter().any(|mail| mail.text.starts_with("Dear ann")),
        "{mails:?}"
    );
}
