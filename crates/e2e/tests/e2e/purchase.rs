//! A whole purchase, from the product list to the audit trail.

use crate::MINUTE;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    a_customer_finds_a_mug_and_buys_it;
}

async fn a_customer_finds_a_mug_and_buys_it(app: &TestApp) {
    let admin = app.admin().await;
    let mug = json!({
        "sku": "MUG-01", "name": "Enamel mug", "description": "Survives a fall.", "category": "kitchen",
        "price": {"amount": 1450, "currency": "USD"}, "stock": 10, "status": "active",
        "attributes": {"colour": "white"},
    });
    let added = admin.post("/api/products", mug).await.expect(201);
    let mug = added.data();
    let mug_path = format!("/api/products/{}", mug["id"].as_str().unwrap());
    assert_eq!(added.header("location"), Some(mug_path.as_str()));
    app.advance(MINUTE);
    app.product_like(json!({
        "sku": "LMP-01", "name": "Desk lamp", "category": "office", "stock": 3, "status": "active",
        "price": {"amount": 6900, "currency": "USD"},
    }))
    .await;

    let ann = app.customer("ann").await;
    let ann = app.sign_in(&ann.email, &ann.password).await;
    let found = app
        .client()
        .get("/api/products?q=enamel&category=kitchen&sort=-price")
        .await
        .expect(200);
    assert_eq!(found.list().len(), 1);
    assert_eq!(found.list()[0]["id"], mug["id"]);
    let by_price = app
        .client()
        .get("/api/products?sort=price")
        .await
        .expect(200)
        .list();
    let skus: Vec<_> = by_price
        .iter()
        .map(|product| product["sku"].as_str().unwrap())
        .collect();
    assert_eq!(skus, ["MUG-01", "LMP-01"]);

    let placed = ann
        .post(
            "/api/orders",
            json!({"items": [{"productId": mug["id"], "quantity": 2}]}),
        )
        .await;
    let order = placed.expect(201).data();
    let path = format!("/api/orders/{}", order["id"].as_str().unwrap());
    assert_eq!(order["status"], "pending");
    assert_eq!(order["total"], json!({"amount": 2900, "currency": "USD"}));
    assert_eq!(
        order["items"][0]["unitPrice"],
        json!({"amount": 1450, "currency": "USD"})
    );
    assert_eq!(
        app.client().get(&mug_path).await.data()["stock"],
        8,
        "the stock is held"
    );

    app.advance(MINUTE);
    let payment = ann.post_nothing(&format!("{path}/pay")).await.expect(202).data();
    assert_eq!(payment["status"], "pending");
    let kinds: Vec<String> = app.run_jobs().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["payment.charge", "mail.order-paid"]);
    assert_eq!(ann.get(&path).await.expect(200).data()["status"], "paid");

    let mail = app.mailbox.messages();
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0].to.as_str(), "ann@example.com");
    assert!(
        mail[0].text.contains(order["number"].as_str().unwrap()),
        "{}",
        mail[0].text
    );
    assert!(mail[0].text.contains("29.00 USD"), "{}", mail[0].text);
    let collected = app.gateway.collected();
    assert_eq!(collected.len(), 1);
    assert_eq!(collected[0].1.amount, 2900);

    let trail = format!(
        "/api/audit?resource=order&resourceId={}",
        order["id"].as_str().unwrap()
    );
    let trail = app.admin().await.get(&trail).await.expect(200).list();
    let entries: Vec<_> = trail
        .iter()
        .map(|entry| (entry["action"].as_str().unwrap(), &entry["actor"]))
        .collect();
    assert_eq!(
        entries,
        [("PAY", &json!("system")), ("CREATE", &json!("user"))],
        "newest first"
    );
    assert_eq!(trail[1]["userId"], json!(ann.id));
    assert_eq!(trail[0]["before"]["status"], "pending");
    assert_eq!(trail[0]["after"]["status"], "paid");

    app.seal_audit().await;
    let verdict = app.engine().audit_verifier().verify(None).await.unwrap();
    assert_eq!((verdict.fault, verdict.waiting), (None, 0));
    assert!(verdict.verified > 5);
}
