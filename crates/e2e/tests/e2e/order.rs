//! Orders: placed within the stock, visible to their owners.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    every_line_out_of_stock_is_named_and_no_stock_is_held;
    quantities_of_a_repeated_product_are_added_up;
    an_order_keeps_the_prices_of_its_placement;
    trap_05_an_order_of_another_customer_does_not_exist;
    a_read_permission_allows_no_change;
    an_order_in_two_currencies_is_refused;
    an_order_above_the_maximum_total_is_refused;
    trap_06_a_client_cannot_set_price_owner_or_status;
}

async fn every_line_out_of_stock_is_named_and_no_stock_is_held(app: &TestApp) {
    let (ann, plenty, few, none) = (
        app.customer("ann").await,
        app.product(10, 100).await,
        app.product(2, 100).await,
        app.product(0, 100).await,
    );
    let items = json!({"items": [
        {"productId": plenty.id, "quantity": 1},
        {"productId": few.id, "quantity": 3},
        {"productId": none.id, "quantity": 1},
    ]});
    let refused = ann
        .post("/api/orders", items)
        .await
        .expect_error(409, "OUT_OF_STOCK");
    assert_eq!(
        refused.validation_errors(),
        ["items[1].quantity OUT_OF_STOCK", "items[2].quantity OUT_OF_STOCK"]
    );
    assert!(refused.text().contains("2 are left"), "{refused:?}");
    for (product, left) in [(&plenty, 10), (&few, 2), (&none, 0)] {
        assert_eq!(app.stock(product).await, left);
    }
    assert_eq!(ann.get("/api/orders").await.pagination()["total"], 0);
    let unknown = json!({"items": [
        {"productId": plenty.id, "quantity": 1},
        {"productId": "0199b1f4-7c00-7000-8000-000000000001", "quantity": 1},
    ]});
    let answer = ann
        .post("/api/orders", unknown)
        .await
        .expect_error(400, "VALIDATION_FAILED");
    assert_eq!(answer.validation_errors(), ["items[1].productId NOT_FOUND"]);
    assert_eq!(app.stock(&plenty).await, 10);
}

async fn quantities_of_a_repeated_product_are_added_up(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let twice = |quantity: i64| json!({"items": [{"productId": product.id, "quantity": quantity}, {"productId": product.id, "quantity": quantity}]});
    ann.post("/api/orders", twice(3))
        .await
        .expect_error(409, "OUT_OF_STOCK");
    let order = ann.post("/api/orders", twice(2)).await.expect(201).data();
    assert_eq!(order["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (
            order["items"][0]["quantity"].clone(),
            order["total"]["amount"].clone()
        ),
        (json!(4), json!(400))
    );
    assert_eq!(app.stock(&product).await, 1);
}

async fn an_order_keeps_the_prices_of_its_placement(app: &TestApp) {
    let (ann, product, admin) = (
        app.customer("ann").await,
        app.product(5, 100).await,
        app.admin().await,
    );
    let body = json!({"items": [{"productId": product.id, "quantity": 2}]});
    let placed = ann.post("/api/orders", body.clone()).await.expect(201);
    let path = placed.header("location").unwrap().to_owned();
    let dearer = json!({"price": {"amount": 999, "currency": "USD"}, "name": "Dearer"});
    admin.patch(&product.path, dearer).await.expect(200);
    let order = ann.get(&path).await.expect(200).data();
    assert_eq!(order["total"], json!({"amount": 200, "currency": "USD"}));
    assert_ne!(order["items"][0]["name"], "Dearer");
    assert_eq!(
        ann.post("/api/orders", body).await.expect(201).data()["total"]["amount"],
        1998
    );
    assert_eq!(order["reservedUntil"], json!(app.now().after(30 * crate::MINUTE)));
}

async fn trap_05_an_order_of_another_customer_does_not_exist(app: &TestApp) {
    let (ann, eve, product) = (
        app.customer("ann").await,
        app.customer("eve").await,
        app.product(5, 100).await,
    );
    let body = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let path = ann
        .post("/api/orders", body)
        .await
        .expect(201)
        .header("location")
        .unwrap()
        .to_owned();
    eve.get(&path).await.expect_error(404, "NOT_FOUND");
    eve.post_nothing(&format!("{path}/pay"))
        .await
        .expect_error(404, "NOT_FOUND");
    eve.post_nothing(&format!("{path}/cancel"))
        .await
        .expect_error(404, "NOT_FOUND");
    let unknown = "/api/orders/0199b1f4-7c00-7000-8000-000000000001";
    let (hidden, missing) = (
        eve.header("x-request-id", "r").get(&path).await,
        eve.header("x-request-id", "r").get(unknown).await,
    );
    assert_eq!(
        hidden.text(),
        missing.text(),
        "a hidden order and a missing one get the same answer"
    );
    app.client().get(&path).await.expect_error(401, "UNAUTHORIZED");
    assert_eq!(ann.get(&path).await.expect(200).data()["status"], "pending");
    assert_eq!(app.gateway.calls(), 0);
}

async fn a_read_permission_allows_no_change(app: &TestApp) {
    let (ann, admin, product) = (
        app.customer("ann").await,
        app.admin().await,
        app.product(5, 100).await,
    );
    let body = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let path = ann
        .post("/api/orders", body)
        .await
        .expect(201)
        .header("location")
        .unwrap()
        .to_owned();
    let bob = app.customer("bob").await;
    admin
        .post(
            &format!("/api/users/{}/permissions", bob.id),
            json!({"permission": "read:order"}),
        )
        .await
        .expect(201);
    bob.get(&path).await.expect(200);
    bob.post_nothing(&format!("{path}/cancel"))
        .await
        .expect_error(403, "FORBIDDEN");
    bob.post_nothing(&format!("{path}/pay"))
        .await
        .expect_error(403, "FORBIDDEN");
    admin
        .post_nothing(&format!("{path}/pay"))
        .await
        .expect_error(403, "FORBIDDEN");
    assert_eq!(app.stock(&product).await, 4);
    app.member("sam", "support")
        .await
        .post_nothing(&format!("{path}/cancel"))
        .await
        .expect(200);
}

async fn an_order_in_two_currencies_is_refused(app: &TestApp) {
    let (ann, dollars) = (app.customer("ann").await, app.product(5, 100).await);
    let euros = app
        .product_like(json!({
            "sku": "EUR", "name": "Euro mug", "price": {"amount": 100, "currency": "EUR"}, "stock": 5, "status": "active",
        }))
        .await;
    let items =
        json!({"items": [{"productId": dollars.id, "quantity": 1}, {"productId": euros.id, "quantity": 1}]});
    ann.post("/api/orders", items)
        .await
        .expect_error(400, "VALIDATION_FAILED");
    assert_eq!((app.stock(&dollars).await, app.stock(&euros).await), (5, 5));
}

async fn an_order_above_the_maximum_total_is_refused(app: &TestApp) {
    const MAX_AMOUNT: i64 = 1_000_000_000_000;
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let product = |amount: i64| {
        json!({
            "sku": format!("D-{amount}"), "name": "Dear", "price": {"amount": amount, "currency": "USD"},
            "stock": 1_000_000, "status": "active",
        })
    };
    for amount in [MAX_AMOUNT + 1, i64::MAX, -1] {
        let answer = admin.post("/api/products", product(amount)).await;
        let answer = answer.expect_error(400, "VALIDATION_FAILED");
        assert_eq!(answer.validation_errors(), ["price.amount RANGE"], "{amount}");
    }
    let add = async |amount: i64| {
        admin
            .post("/api/products", product(amount))
            .await
            .expect(201)
            .data()["id"]
            .take()
    };
    let (dearest, half, cheap) = (add(MAX_AMOUNT).await, add(MAX_AMOUNT / 2).await, add(1).await);
    let order = |lines: &[(&Value, i64)]| {
        let line = |(id, quantity): &(&Value, i64)| json!({"productId": id, "quantity": quantity});
        json!({"items": lines.iter().map(line).collect::<Vec<_>>()})
    };
    for lines in [
        &[(&dearest, 2)][..],
        &[(&dearest, 10_000)],
        &[(&half, 3)],
        &[(&dearest, 1), (&cheap, 1)],
        &[(&half, 2), (&cheap, 1)],
    ] {
        let answer = ann.post("/api/orders", order(lines)).await;
        answer.expect_error(400, "VALIDATION_FAILED");
    }
    assert_eq!(ann.get("/api/orders").await.pagination()["total"], 0);
    for lines in [
        &[(&dearest, 1)][..],
        &[(&half, 2)],
        &[(&half, 1), (&cheap, 10_000)],
    ] {
        let placed = ann.post("/api/orders", order(lines)).await.expect(201).data();
        assert!(
            placed["total"]["amount"].as_i64().unwrap() <= MAX_AMOUNT,
            "{placed}"
        );
    }
    for (id, left) in [(&dearest, 999_999), (&half, 999_997), (&cheap, 990_000)] {
        let path = format!("/api/products/{}", id.as_str().unwrap());
        assert_eq!(
            app.client().get(&path).await.data()["stock"],
            left,
            "a refused order holds no stock"
        );
    }
}

async fn trap_06_a_client_cannot_set_price_owner_or_status(app: &TestApp) {
    let (ann, bob, product) = (
        app.customer("ann").await,
        app.customer("bob").await,
        app.product(5, 100).await,
    );
    let good = json!({"productId": product.id, "quantity": 1});
    let with = |field: &str, value: Value| {
        let mut line = good.clone();
        line[field] = value;
        json!({"items": [line]})
    };
    for body in [
        with("unitPrice", json!({"amount": 1, "currency": "USD"})),
        with("price", json!(1)),
        with("total", json!(1)),
        json!({"items": [good], "userId": bob.id}),
        json!({"items": [good], "status": "paid"}),
        json!({"items": [good], "total": {"amount": 1, "currency": "USD"}}),
        json!({"items": [good], "number": "1"}),
    ] {
        let refused = ann
            .post("/api/orders", body)
            .await
            .expect_error(400, "VALIDATION_FAILED");
        assert!(
            refused.validation_errors()[0].ends_with("UNKNOWN_FIELD"),
            "{refused:?}"
        );
    }
    assert_eq!(app.stock(&product).await, 5);
}
