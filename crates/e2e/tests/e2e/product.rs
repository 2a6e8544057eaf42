//! Products: added, changed, hidden, taken off sale.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    a_product_is_added_changed_and_taken_away;
    a_product_that_changed_since_is_not_overwritten;
    what_a_client_has_is_not_sent_again;
    drafts_are_nothing_to_a_customer;
    trap_20_a_product_that_was_ordered_is_archived_and_not_lost;
    two_products_never_share_a_sku;
    stock_never_falls_below_nothing;
    trap_06_money_is_whole_and_of_a_known_currency;
    staff_only;
    what_was_read_lately_is_never_shown_as_it_was_before_a_change;
    another_process_is_believed_within_a_second;
}

fn mug(sku: &str) -> Value {
    json!({"sku": sku, "name": "Mug", "price": {"amount": 1450, "currency": "USD"}, "stock": 5, "status": "active"})
}

async fn a_product_is_added_changed_and_taken_away(app: &TestApp) {
    let admin = app.admin().await;
    let added = admin.post("/api/products", mug("M-1")).await.expect(201);
    let path = added.header("location").unwrap().to_owned();
    assert_eq!(added.data()["attributes"], json!({}));
    assert_eq!(added.data()["category"], Value::Null);
    app.advance(crate::SECOND);
    let change = json!({"name": "Enamel mug", "category": "kitchen", "attributes": {"colour": "blue", "sizes": [1, 2]}});
    let changed = admin.patch(&path, change).await.expect(200);
    assert_ne!(changed.etag(), added.etag());
    let read = app.client().get(&path).await.expect(200).data();
    assert_eq!(read, changed.data());
    assert_eq!(read["name"], "Enamel mug");
    assert_eq!(read["attributes"], json!({"colour": "blue", "sizes": [1, 2]}));
    assert_eq!(
        read["price"],
        json!({"amount": 1450, "currency": "USD"}),
        "what was not named stays"
    );
    assert_ne!(read["updatedAt"], read["createdAt"]);
    admin.patch(&path, json!({"category": null})).await.expect(200);
    assert_eq!(app.client().get(&path).await.data()["category"], Value::Null);
    admin.delete(&path).await.expect(204);
    app.client().get(&path).await.expect_error(404, "NOT_FOUND");
    admin.get(&path).await.expect_error(404, "NOT_FOUND");
    admin.delete(&path).await.expect_error(404, "NOT_FOUND");
    admin.post("/api/products", mug("M-1")).await.expect(201);
}

async fn a_product_that_changed_since_is_not_overwritten(app: &TestApp) {
    let (admin, product) = (app.admin().await, app.product(5, 100).await);
    let seen = admin.get(&product.path).await.etag();
    let mine = admin.header("if-match", &seen);
    mine.patch(&product.path, json!({"name": "First"}))
        .await
        .expect(200);
    mine.patch(&product.path, json!({"name": "Second"}))
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    mine.delete(&product.path)
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    for bad in [
        "\"rubbish\"",
        "W/\"v2\"",
        "v2",
        "\"v2.00000000\"",
        "\"v998\", \"v999\"",
        "\"v2\" \"v2\"",
    ] {
        let answer = admin
            .header("if-match", bad)
            .patch(&product.path, json!({"name": "Third"}))
            .await;
        answer.expect_error(412, "PRECONDITION_FAILED");
    }
    // Of several tags, one has to match.
    let now = admin.get(&product.path).await.etag();
    admin
        .header("if-match", &format!("{seen}, {now}"))
        .patch(&product.path, json!({"name": "Listed"}))
        .await
        .expect(200);
    let stock = format!("{}/stock", product.path);
    let more = json!({"delta": 1, "reason": "found"});
    let stale = admin.header("if-match", &now);
    stale
        .post(&stock, more.clone())
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    let now = admin.get(&product.path).await.etag();
    let counted = admin
        .header("if-match", &now)
        .post(&stock, more)
        .await
        .expect(200);
    assert_eq!(counted.data()["stock"], 6);
    admin
        .header("if-match", "*")
        .patch(&product.path, json!({"name": "Any"}))
        .await
        .expect(200);
    assert_eq!(admin.get(&product.path).await.data()["name"], "Any");
    let tag = admin.get(&product.path).await.etag();
    admin
        .header("if-match", &tag)
        .delete(&product.path)
        .await
        .expect(204);
}

async fn what_a_client_has_is_not_sent_again(app: &TestApp) {
    let product = app.product(5, 100).await;
    let seen = app.client().get(&product.path).await.expect(200).etag();
    let known = app.client().header("if-none-match", &seen);
    let same = known.get(&product.path).await.expect(304);
    assert!(same.body.is_empty());
    assert_eq!(same.etag(), seen);
    for fits in [format!("W/{seen}"), format!("\"x\", {seen}"), "*".to_owned()] {
        app.client()
            .header("if-none-match", &fits)
            .get(&product.path)
            .await
            .expect(304);
    }
    let order = json!({"items": [{"productId": product.id, "quantity": 1}]});
    app.customer("ann")
        .await
        .post("/api/orders", order)
        .await
        .expect(201);
    assert_eq!(known.get(&product.path).await.expect(200).data()["stock"], 4);
}

async fn drafts_are_nothing_to_a_customer(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    for status in ["draft", "archived"] {
        let mut hidden = mug(&format!("H-{status}"));
        hidden["status"] = json!(status);
        hidden["name"] = json!("Secret mug");
        let path = admin
            .post("/api/products", hidden)
            .await
            .expect(201)
            .header("location")
            .unwrap()
            .to_owned();
        app.client().get(&path).await.expect_error(404, "NOT_FOUND");
        ann.get(&path).await.expect_error(404, "NOT_FOUND");
        admin.get(&path).await.expect(200);
        let id = path.rsplit('/').next().unwrap();
        let order = json!({"items": [{"productId": id, "quantity": 1}]});
        let refused = ann
            .post("/api/orders", order)
            .await
            .expect_error(400, "VALIDATION_FAILED");
        assert_eq!(
            refused.validation_errors(),
            ["items[0].productId NOT_FOUND"],
            "as one that never was"
        );
    }
    for list in [
        "/api/products",
        "/api/products?q=secret",
        "/api/products?status=draft",
        "/api/products?cursor=",
    ] {
        let read = ann.get(list).await;
        assert!(read.status == 400 || read.list().is_empty(), "{read:?}");
    }
    assert_eq!(ann.get("/api/products").await.pagination()["total"], 0);
    assert_eq!(admin.get("/api/products").await.pagination()["total"], 2);
    assert_eq!(
        admin.get("/api/products?status=draft").await.pagination()["total"],
        1
    );
}

async fn trap_20_a_product_that_was_ordered_is_archived_and_not_lost(app: &TestApp) {
    let (admin, ann, product) = (
        app.admin().await,
        app.customer("ann").await,
        app.product(5, 100).await,
    );
    let order = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let order = ann
        .post("/api/orders", order)
        .await
        .expect(201)
        .header("location")
        .unwrap()
        .to_owned();
    admin.delete(&product.path).await.expect(204);
    ann.get(&product.path).await.expect_error(404, "NOT_FOUND");
    assert_eq!(
        admin.get(&product.path).await.expect(200).data()["status"],
        "archived"
    );
    let read = ann.get(&order).await.expect(200).data();
    assert_eq!(read["items"][0]["productId"], json!(product.id));
    ann.post_nothing(&format!("{order}/cancel")).await.expect(200);
    assert_eq!(admin.get(&product.path).await.data()["stock"], 5);
    let trail = admin
        .get(&format!("/api/audit?resourceId={}&action=ARCHIVE", product.id))
        .await
        .list();
    assert_eq!(trail.len(), 1);
}

async fn two_products_never_share_a_sku(app: &TestApp) {
    let admin = app.admin().await;
    let adds = (0..4).map(|_| admin.post("/api/products", mug("SAME")));
    let mut answers = futures_util::future::join_all(adds).await;
    answers.sort_by_key(|answer| answer.status);
    assert_eq!(
        answers.iter().map(|answer| answer.status).collect::<Vec<_>>(),
        [201, 409, 409, 409]
    );
    assert!(answers.iter().skip(1).all(|answer| answer.code() == "CONFLICT"));
    let other = admin
        .post("/api/products", mug("OTHER"))
        .await
        .header("location")
        .unwrap()
        .to_owned();
    admin
        .patch(&other, json!({"sku": "SAME"}))
        .await
        .expect_error(409, "CONFLICT");
}

async fn stock_never_falls_below_nothing(app: &TestApp) {
    let (admin, product) = (app.admin().await, app.product(5, 100).await);
    let path = format!("{}/stock", product.path);
    let change = |delta: i64| admin.post(&path, json!({"delta": delta, "reason": "counted"}));
    assert_eq!(change(3).await.expect(200).data()["stock"], 8);
    let short = change(-9).await.expect_error(409, "OUT_OF_STOCK");
    assert_eq!(short.validation_errors(), ["delta OUT_OF_STOCK"]);
    assert_eq!(change(-8).await.expect(200).data()["stock"], 0);
    change(-1).await.expect_error(409, "OUT_OF_STOCK");
    for bad in [0, 1_000_000_001, -1_000_000_001, i64::MAX, i64::MIN] {
        change(bad).await.expect_error(400, "VALIDATION_FAILED");
    }
    change(1_000_000_000).await.expect(200);
    change(1).await.expect_error(400, "VALIDATION_FAILED");
    admin
        .patch(&product.path, json!({"stock": -1}))
        .await
        .expect_error(400, "VALIDATION_FAILED");
    admin.patch(&product.path, json!({"stock": 3})).await.expect(200);
    let takes = (0..6).map(|_| change(-1));
    let answers = futures_util::future::join_all(takes).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 200).count(),
        3,
        "{answers:?}"
    );
    assert_eq!(app.stock(&product).await, 0);
    let trail = format!("/api/audit?resourceId={}&action=STOCK&limit=100", product.id);
    let entries = admin.get(&trail).await.list();
    let sum: i64 = entries
        .iter()
        .map(|entry| entry["after"]["stock"].as_i64().unwrap() - entry["before"]["stock"].as_i64().unwrap())
        .sum();
    assert_eq!(
        sum,
        3 - 8 + 1_000_000_000 - 3,
        "each change records its own difference"
    );
}

async fn trap_06_money_is_whole_and_of_a_known_currency(app: &TestApp) {
    let admin = app.admin().await;
    let amounts = [
        json!(14.5),
        json!("1450"),
        json!(-1),
        json!(null),
        json!(1e3),
        json!(9_223_372_036_854_775_808_u64),
    ];
    for (at, amount) in amounts.into_iter().enumerate() {
        let mut body = mug(&format!("A-{at}"));
        body["price"]["amount"] = amount;
        let refused = admin
            .post("/api/products", body)
            .await
            .expect_error(400, "VALIDATION_FAILED");
        assert!(
            refused.validation_errors()[0].starts_with("price.amount "),
            "{refused:?}"
        );
    }
    for currency in ["usd", "US", "XXZ", "DOLLAR", "", "$"] {
        let mut body = mug("C-1");
        body["price"]["currency"] = json!(currency);
        let refused = admin
            .post("/api/products", body)
            .await
            .expect_error(400, "VALIDATION_FAILED");
        assert!(
            refused.validation_errors()[0].starts_with("price.currency "),
            "{refused:?}"
        );
    }
    let mut yen = mug("YEN");
    yen["price"] = json!({"amount": 0, "currency": "JPY"});
    admin.post("/api/products", yen).await.expect(201);
}

async fn staff_only(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let anonymous = app.client();
    ann.post("/api/products", mug("X"))
        .await
        .expect_error(403, "FORBIDDEN");
    ann.patch(&product.path, json!({"name": "x"}))
        .await
        .expect_error(403, "FORBIDDEN");
    ann.delete(&product.path).await.expect_error(403, "FORBIDDEN");
    ann.post(
        &format!("{}/stock", product.path),
        json!({"delta": 1, "reason": "x"}),
    )
    .await
    .expect_error(403, "FORBIDDEN");
    anonymous
        .post("/api/products", mug("X"))
        .await
        .expect_error(401, "UNAUTHORIZED");
    let mia = app.member("mia", "manager").await;
    mia.post("/api/products", mug("X")).await.expect(201);
    app.member("sam", "support")
        .await
        .post("/api/products", mug("Y"))
        .await
        .expect_error(403, "FORBIDDEN");
}

async fn what_was_read_lately_is_never_shown_as_it_was_before_a_change(app: &TestApp) {
    let (admin, ann, product) = (
        app.admin().await,
        app.customer("ann").await,
        app.product(9, 100).await,
    );
    let read = async || app.client().get(&product.path).await.expect(200).data();
    for (at, name) in ["First", "Second", "Third"].into_iter().enumerate() {
        read().await;
        admin
            .patch(&product.path, json!({"name": name}))
            .await
            .expect(200);
        assert_eq!(read().await["name"], name, "change {at}");
    }
    let stock = format!("{}/stock", product.path);
    admin
        .post(&stock, json!({"delta": 1, "reason": "found"}))
        .await
        .expect(200);
    assert_eq!(read().await["stock"], 10);
    let body = json!({"items": [{"productId": product.id, "quantity": 4}]});
    let order = ann.post("/api/orders", body).await.expect(201).data();
    assert_eq!(read().await["stock"], 6);
    let cancel = format!("/api/orders/{}/cancel", order["id"].as_str().unwrap());
    ann.post(&cancel, json!({})).await.expect(200);
    assert_eq!(read().await["stock"], 10);

    // A draft that staff has just read stays hidden from other callers.
    admin
        .patch(&product.path, json!({"status": "draft"}))
        .await
        .expect(200);
    admin.get(&product.path).await.expect(200);
    admin.get(&product.path).await.expect(200);
    ann.get(&product.path).await.expect_error(404, "NOT_FOUND");
    app.client()
        .get(&product.path)
        .await
        .expect_error(404, "NOT_FOUND");
}

async fn another_process_is_believed_within_a_second(app: &TestApp) {
    let (admin, product, other) = (
        app.admin().await,
        app.product(9, 100).await,
        app.another_node().await,
    );
    other.client().get(&product.path).await.expect(200);
    admin
        .patch(&product.path, json!({"name": "Changed"}))
        .await
        .expect(200);
    app.advance(crate::SECOND);
    let there = other.client().get(&product.path).await.expect(200).data();
    assert_eq!(there["name"], "Changed");
    other.stop().await;
}
