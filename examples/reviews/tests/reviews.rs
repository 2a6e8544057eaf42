//! Reviews, over HTTP.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! { of reviews::app() =>
    each_customer_reviews_a_product_once;
    reviews_are_removed_by_their_authors_and_with_the_permission;
    buyers_are_invited with REVIEWS_GREETING = "Dear";
}

async fn each_customer_reviews_a_product_once(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(1, 500).await);
    let review = |stars| json!({"productId": product.id, "stars": stars, "text": "It holds tea."});
    ann.post("/api/reviews", review(5)).await.expect(201);
    ann.post("/api/reviews", review(4))
        .await
        .expect_error(409, "CONFLICT");
    ann.post("/api/reviews", review(6))
        .await
        .expect_error(400, "VALIDATION_FAILED");
    app.client()
        .post("/api/reviews", review(5))
        .await
        .expect_error(401, "UNAUTHORIZED");
    let list = format!("/api/reviews?productId={}&sort=-stars", product.id);
    assert_eq!(app.client().get(&list).await.expect(200).list()[0]["stars"], 5);
}

async fn reviews_are_removed_by_their_authors_and_with_the_permission(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let review = json!({"productId": app.product(1, 500).await.id, "stars": 1, "text": ""});
    let review = ann.post("/api/reviews", review).await.expect(201).data();
    let path = format!("/api/reviews/{}", review["id"].as_str().unwrap());
    bob.delete(&path).await.expect_error(403, "FORBIDDEN");
    let (admin, grants) = (app.admin().await, format!("/api/users/{}/permissions", bob.id));
    admin
        .post(&grants, json!({"permission": "remove:review"}))
        .await
        .expect(201);
    bob.delete(&path).await.expect(204);
    let trail = admin.get("/api/audit?resource=review").await.expect(200).list();
    assert_eq!(trail.len(), 2);
}

async fn buyers_are_invited(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(1, 500).await);
    let order = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let order = ann.post("/api/orders", order).await.expect(201).data();
    let pay = format!("/api/orders/{}/pay", order["id"].as_str().unwrap());
    ann.post_nothing(&pay).await.expect(202);
    app.run_jobs().await;
    assert!(
        app.mailbox
            .messages()
            .iter()
            .any(|mail| mail.text.starts_with("Dear ann"))
    );
}
