//! Reviews, over HTTP.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! { of reviews::app() =>
    each_customer_reviews_a_product_once;
    reviews_are_removed_with_the_permission;
    an_export_holds_the_reviews_of_its_account;
    buyers_are_invited with REVIEWS_GREETING = "Dear";
}

async fn each_customer_reviews_a_product_once(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(1, 500).await.id);
    let review = |stars| json!({"productId": product, "stars": stars, "text": "It holds tea."});
    for (stars, status) in [(6, 400), (5, 201), (4, 409)] {
        ann.post("/api/reviews", review(stars)).await.expect(status);
    }
    app.client().post("/api/reviews", review(1)).await.expect(401);
    let list = format!("/api/reviews?productId={product}&sort=-stars");
    assert_eq!(app.client().get(&list).await.expect(200).list()[0]["stars"], 5);
}

async fn reviews_are_removed_with_the_permission(app: &TestApp) {
    let (admin, ann, bob) = (
        app.admin().await,
        app.customer("ann").await,
        app.customer("bob").await,
    );
    let review = json!({"productId": app.product(1, 500).await.id, "stars": 1, "text": ""});
    let review = ann.post("/api/reviews", review).await.expect(201).data();
    let id = review["id"].as_str().expect("an id");
    let path = format!("/api/reviews/{id}");
    bob.delete(&path).await.expect(403);
    for (user, allowed) in [(&ann, true), (&bob, false)] {
        let question = format!(
            "/api/users/{}/access?can=remove:review&resource=review/{id}",
            user.id
        );
        let answer = admin.get(&question).await.expect(200).data();
        assert_eq!(answer["allowed"], allowed, "{answer}");
    }
    let grant = json!({"permission": "remove:review"});
    let grants = format!("/api/users/{}/permissions", bob.id);
    admin.post(&grants, grant).await.expect(201);
    bob.delete(&path).await.expect(204);
    let me = admin.get("/api/users/me").await.expect(200).data();
    assert!(me.to_string().contains("remove:review"), "{me}");
}

async fn an_export_holds_the_reviews_of_its_account(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let product = app.product(1, 500).await.id;
    for (user, text) in [(&ann, "It holds tea."), (&bob, "It leaks.")] {
        let review = json!({"productId": product, "stars": 3, "text": text});
        user.post("/api/reviews", review).await.expect(201);
    }
    let files = app.data_export(&ann).await;
    let reviews = files["reviews.json"].as_array().expect("a list");
    assert_eq!(reviews.len(), 1, "{reviews:?}");
    assert_eq!(reviews[0]["text"], "It holds tea.");
    assert!(files["manifest.json"].to_string().contains("reviews.json"));
}

async fn buyers_are_invited(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(1, 500).await);
    let order = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let order = ann.post("/api/orders", order).await.expect(201).data();
    let pay = format!("/api/orders/{}/pay", order["id"].as_str().expect("an id"));
    ann.post_nothing(&pay).await.expect(202);
    app.run_jobs().await;
    let mails = app.mailbox.messages();
    assert!(mails.iter().any(|mail| mail.text.starts_with("Dear ann")));
}
