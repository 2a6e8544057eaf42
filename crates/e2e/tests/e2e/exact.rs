//! Free-form attributes are stored as sent, or refused; and a SKU is free once its product is archived.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    numbers_are_kept_exactly_or_refused;
    a_key_that_comes_twice_is_refused;
    what_is_shown_again_is_the_same;
    the_sku_of_an_archived_product_may_be_used_again;
}

fn body(sku: &str, attributes: &str) -> Vec<u8> {
    format!(
        r#"{{"sku":"{sku}","name":"Mug","price":{{"amount":1450,"currency":"USD"}},"stock":5,"attributes":{attributes}}}"#
    )
    .into_bytes()
}

const JSON: &str = "application/json";

/// The text after `"attributes":` in an answer.
fn attributes(text: &str) -> &str {
    let begin = text.split("\"attributes\":").nth(1).unwrap();
    &begin[..=begin.find('}').unwrap()]
}

const EXACT: [(&str, &str); 14] = [
    ("18446744073709551615", "18446744073709551615"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("9007199254740993", "9007199254740993"),
    ("0.30000000000000004", "0.30000000000000004"),
    ("2.2250738585072014e-308", "2.2250738585072014e-308"),
    ("-1.5e-7", "-1.5e-7"),
    ("1.0", "1.0"),
    ("1.50", "1.5"),
    ("1e2", "100"),
    ("1e19", "10000000000000000000"),
    ("10000000000000000.0", "10000000000000000"),
    ("1e20", "1e+20"),
    ("-0", "0"),
    ("-0.0", "0.0"),
];

async fn numbers_are_kept_exactly_or_refused(app: &TestApp) {
    let admin = app.admin().await;
    for (at, (sent, kept)) in EXACT.into_iter().enumerate() {
        let sku = format!("K-{at}");
        let with_facts = Some((JSON, body(&sku, &format!("{{\"n\":{sent}}}"))));
        let made = admin
            .request("POST", "/api/products", with_facts)
            .await
            .expect(201);
        let path = made.header("location").unwrap().to_owned();
        let read = app.client().get(&path).await.expect(200);
        // An exponent may be written with a sign or without one.
        let plain = |text: &str| attributes(text).replace("e+", "e");
        let kept = format!("{{\"n\":{}}}", kept.replace("e+", "e"));
        assert_eq!(plain(&made.text()), kept, "{sent}");
        assert_eq!(plain(&read.text()), kept, "{sent}");
        // Sending the same values again changes nothing.
        let again = format!("{{\"attributes\":{{\"n\":{sent}}}}}").into_bytes();
        let again = admin
            .request("PATCH", &path, Some((JSON, again)))
            .await
            .expect(200);
        assert_eq!(again.etag(), made.etag(), "{sent}");
        let trail = admin
            .get(&format!(
                "/api/audit?action=CREATE&resource=product&resourceId={}",
                path.rsplit('/').next().unwrap()
            ))
            .await;
        assert_eq!(plain(&trail.text()), kept, "{sent}: the trail says the same");
    }
    let product = app.product(1, 100).await;
    for bad in [
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "0.1000000000000000055511151231257827",
        "3.14159265358979323846",
        "1e400",
        "1e-400",
    ] {
        let nested = format!("{{\"a\":[{{\"n\":{bad}}}]}}");
        let created = admin
            .request("POST", "/api/products", Some((JSON, body("B-1", &nested))))
            .await;
        let patch = format!("{{\"attributes\":{nested}}}").into_bytes();
        let patched = admin.request("PATCH", &product.path, Some((JSON, patch))).await;
        for answer in [created, patched] {
            assert_eq!(answer.validation_errors(), ["attributes RANGE"], "{bad}");
            let message = answer.expect_error(400, "VALIDATION_FAILED").text();
            assert!(message.contains(&bad[..bad.len().min(40)]), "{message}");
        }
    }
    // Numeric fields take whole numbers within their range only.
    for (field, value) in [
        ("stock", "1.0"),
        ("stock", "1e2"),
        ("stock", "18446744073709551616"),
        ("price", r#"{"amount":1e2,"currency":"USD"}"#),
        ("price", r#"{"amount":1450.0,"currency":"USD"}"#),
        ("price", r#"{"amount":18446744073709551616,"currency":"USD"}"#),
    ] {
        let patch = format!("{{\"{field}\":{value}}}").into_bytes();
        admin
            .request("PATCH", &product.path, Some((JSON, patch)))
            .await
            .expect_error(400, "VALIDATION_FAILED");
    }
}

async fn a_key_that_comes_twice_is_refused(app: &TestApp) {
    let admin = app.admin().await;
    for bad in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        "{\"cr\u{e8}me\":1,\"cre\u{300}me\":2}",
        r#"{"deep":[{"a":{"b":1,"b":2}}]}"#,
    ] {
        let answer = admin
            .request("POST", "/api/products", Some((JSON, body("D-1", bad))))
            .await;
        assert_eq!(answer.validation_errors(), ["attributes DUPLICATE"], "{bad}");
        answer.expect_error(400, "VALIDATION_FAILED");
    }
    for (bad, code) in [
        ("[]", "TYPE"),
        ("\"x\"", "TYPE"),
        ("1", "TYPE"),
        ("{\"a\":\"\\ud800\"}", "FORMAT"),
        ("{\"a\":\"\\u0000\"}", "FORMAT"),
    ] {
        let answer = admin
            .request("POST", "/api/products", Some((JSON, body("D-1", bad))))
            .await;
        assert_eq!(
            answer.validation_errors(),
            [format!("attributes {code}")],
            "{bad}"
        );
    }
    let none = admin
        .request("POST", "/api/products", Some((JSON, body("D-1", "null"))))
        .await;
    assert_eq!(none.expect(201).data()["attributes"], json!({}));
}

async fn what_is_shown_again_is_the_same(app: &TestApp) {
    let admin = app.admin().await.with("idempotency-key", "exact-1");
    let facts = r#"{"z":1e16,"a":{"c":0.30000000000000004,"b":1.10},"list":[1.0,1e2,-0.0,1e300,5e-324]}"#;
    let with_facts = || Some((JSON, body("R-1", facts)));
    let first = admin
        .request("POST", "/api/products", with_facts())
        .await
        .expect(201);
    let again = admin
        .request("POST", "/api/products", with_facts())
        .await
        .expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.body, again.body, "byte for byte");
    assert_eq!(first.etag(), again.etag());
    let path = first.header("location").unwrap();
    let read = app.client().get(path).await.expect(200);
    assert_eq!(read.body, first.body);
    let listed = app.client().get("/api/products").await.list();
    assert_eq!(listed[0], first.data());
}

async fn the_sku_of_an_archived_product_may_be_used_again(app: &TestApp) {
    let admin = app.admin().await;
    let mug = |status: &str| json!({"sku": "MUG", "name": "Mug", "price": {"amount": 1450, "currency": "USD"}, "status": status});
    let path = |answer: mainstay_testkit::Answer| answer.expect(201).header("location").unwrap().to_owned();
    let old = path(admin.post("/api/products", mug("active")).await);
    admin
        .post("/api/products", mug("active"))
        .await
        .expect_error(409, "CONFLICT");
    admin.patch(&old, json!({"status": "archived"})).await.expect(200);
    let new = path(admin.post("/api/products", mug("draft")).await);
    path(admin.post("/api/products", mug("archived")).await);
    // The archived product is restored only with another SKU, or when the new product is gone.
    for status in ["active", "draft"] {
        let answer = admin.patch(&old, json!({"status": status})).await;
        let message = answer.expect_error(409, "CONFLICT").text();
        assert!(message.contains("SKU"), "{message}");
    }
    admin
        .patch(&old, json!({"status": "active", "sku": "MUG-OLD"}))
        .await
        .expect(200);
    admin
        .patch(&old, json!({"sku": "MUG"}))
        .await
        .expect_error(409, "CONFLICT");
    admin.patch(&new, json!({"status": "archived"})).await.expect(200);
    admin.patch(&old, json!({"sku": "MUG"})).await.expect(200);
    // A deleted product that was ordered is archived, and its SKU is free too.
    let ordered = app.product(5, 100).await;
    let order = json!({"items": [{"productId": ordered.id, "quantity": 1}]});
    app.customer("ann")
        .await
        .post("/api/orders", order)
        .await
        .expect(201);
    let sku: Value = admin.get(&ordered.path).await.data()["sku"].take();
    admin.delete(&ordered.path).await.expect(204);
    let twin = json!({"sku": sku, "name": "Twin", "price": {"amount": 1, "currency": "USD"}});
    admin.post("/api/products", twin).await.expect(201);
}
