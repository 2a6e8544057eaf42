//! Trap 28: two spellings of one text are equal, and invisible text counts as empty.

use mainstay_testkit::{Answer, Client, TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    trap_28_words_are_found_in_any_spelling;
    trap_28_text_is_kept_in_one_spelling;
    trap_28_what_hides_or_reorders_text_is_refused;
    trap_28_two_spellings_of_an_address_are_one_account;
    trap_28_what_is_no_address_is_refused;
    trap_28_a_password_is_the_same_on_every_keyboard;
}

const COMPOSED: &str = "Crème brûlée";
const DECOMPOSED: &str = "Cre\u{300}me bru\u{302}le\u{301}e";

async fn add(admin: &Client, sku: &str, name: &str) -> Answer {
    let body = json!({"sku": sku, "name": name, "price": {"amount": 100, "currency": "EUR"}, "stock": 1});
    admin.post("/api/products", body).await
}

fn query(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

async fn trap_28_words_are_found_in_any_spelling(app: &TestApp) {
    let admin = app.admin().await;
    for (at, name) in [COMPOSED, DECOMPOSED, "ＣＲÈＭＥ ﬁne", "Straße", "Sugar"]
        .into_iter()
        .enumerate()
    {
        add(&admin, &format!("S-{at}"), name).await.expect(201);
    }
    for (term, count) in [
        ("crème", 3),
        ("cre\u{300}me", 3),
        ("CRÈME", 3),
        ("ｃｒèｍｅ", 3),
        ("crè", 3),
        ("cre", 0),
        ("BRU\u{302}LÉE crème", 2),
        ("fine", 1),
        ("ﬁne", 1),
        ("STRASSE", 1),
        ("straße", 1),
        ("su\u{ad}gar", 1),
        ("ſugar", 1),
    ] {
        let found = admin
            .get(&format!("/api/products?q={}", query(term)))
            .await
            .expect(200)
            .list();
        assert_eq!(found.len(), count, "{term}: {found:?}");
    }
    let body = json!({"email": "mueller@example.com", "password": "a long walk", "name": "Mu\u{308}ller"});
    app.client().post("/api/auth/register", body).await.expect(201);
    for term in ["Müller", "Mu\u{308}ller", "mÜller", "ＭÜＬＬＥＲ", "ller"] {
        let found = admin
            .get(&format!("/api/users?q={}", query(term)))
            .await
            .expect(200)
            .list();
        assert_eq!(found.len(), 1, "{term}: {found:?}");
    }
}

async fn trap_28_text_is_kept_in_one_spelling(app: &TestApp) {
    let admin = app.admin().await;
    let body = json!({
        "sku": "N-1", "name": DECOMPOSED, "description": format!(" {DECOMPOSED}\n"), "category": DECOMPOSED,
        "price": {"amount": 100, "currency": "EUR"}, "attributes": {DECOMPOSED: [DECOMPOSED]},
    });
    let product = admin.post("/api/products", body).await.expect(201).data();
    for field in ["name", "description", "category"] {
        assert_eq!(product[field], COMPOSED, "{field}");
    }
    assert_eq!(product["attributes"], json!({COMPOSED: [COMPOSED]}));
    for spelled in [COMPOSED, DECOMPOSED] {
        let found = admin
            .get(&format!("/api/products?category={}", query(spelled)))
            .await
            .list();
        assert_eq!(found.len(), 1, "{spelled}");
    }
    // The same value in another spelling changes nothing.
    let path = format!("/api/products/{}", product["id"].as_str().unwrap());
    let again = admin
        .patch(
            &path,
            json!({"name": DECOMPOSED, "attributes": {DECOMPOSED: [COMPOSED]}}),
        )
        .await
        .expect(200);
    assert_eq!(again.data()["updatedAt"], product["updatedAt"]);
    // A hundred letters, two hundred characters: lengths count in the stored form.
    let long = "e\u{301}".repeat(200);
    add(&admin, "N-2", &long).await.expect(201);
    let faults = add(&admin, "N-3", &format!("{long}e"))
        .await
        .expect(400)
        .validation_errors();
    assert_eq!(faults, ["name LENGTH"]);
    let reason = json!({"delta": 1, "reason": DECOMPOSED});
    admin.post(&format!("{path}/stock"), reason).await.expect(200);
    let found = admin.get("/api/audit?action=STOCK").await.list();
    assert_eq!(found[0]["after"]["reason"], COMPOSED);
}

async fn trap_28_what_hides_or_reorders_text_is_refused(app: &TestApp) {
    let (admin, product) = (app.admin().await, app.product(1, 100).await);
    let order = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let ann = app.customer("ann").await;
    let order = ann.post("/api/orders", order).await.expect(201).data();
    let cancel = format!("/api/orders/{}/cancel", order["id"].as_str().unwrap());
    let person = format!("/api/users/{}", ann.id);
    let stock = format!("{}/stock", product.path);
    let register = |name: &str| json!({"email": "x@example.com", "password": "a long walk", "name": name});
    for nothing in ["\u{200b}", "\u{feff}", "\u{3164}", "\u{2060}\u{ad}", " \u{200b} "] {
        let refused = |answer: Answer, fault: &str| {
            assert_eq!(answer.validation_errors(), [fault], "{nothing:?}: {answer:?}");
            answer.expect_error(400, "VALIDATION_FAILED");
        };
        refused(
            app.client().post("/api/auth/register", register(nothing)).await,
            "name REQUIRED",
        );
        refused(
            admin.patch(&person, json!({"name": nothing})).await,
            "name REQUIRED",
        );
        refused(add(&admin, "H-1", nothing).await, "name REQUIRED");
        let change = json!({"name": nothing, "category": nothing});
        let found = admin.patch(&product.path, change).await.validation_errors();
        assert_eq!(found, ["category REQUIRED", "name REQUIRED"]);
        refused(
            admin.post(&stock, json!({"delta": 1, "reason": nothing})).await,
            "reason REQUIRED",
        );
        let listed = admin.get(&format!("/api/products?q={}", query(nothing))).await;
        refused(listed, "q REQUIRED");
    }
    for breaker in [
        '\u{202e}', '\u{202a}', '\u{2066}', '\u{2069}', '\u{2028}', '\u{2029}', '\u{85}', '\u{1b}', '\u{0}',
    ] {
        let text = format!("in{breaker}voice");
        let refused = |answer: Answer, fault: &str| {
            assert_eq!(answer.validation_errors(), [fault], "{breaker:?}: {answer:?}");
            answer.expect_error(400, "VALIDATION_FAILED");
        };
        refused(
            app.client().post("/api/auth/register", register(&text)).await,
            "name FORMAT",
        );
        refused(add(&admin, "H-2", &text).await, "name FORMAT");
        let change = json!({"name": text, "category": text, "description": text});
        let found = admin.patch(&product.path, change).await.validation_errors();
        assert_eq!(found, ["category FORMAT", "description FORMAT", "name FORMAT"]);
        refused(
            admin.post(&stock, json!({"delta": 1, "reason": text})).await,
            "reason FORMAT",
        );
        refused(ann.post(&cancel, json!({"reason": text})).await, "reason FORMAT");
    }
}

async fn register(app: &TestApp, email: &str) -> Answer {
    let body = json!({"email": email, "password": "a long walk", "name": "X"});
    app.client().post("/api/auth/register", body).await
}

async fn trap_28_two_spellings_of_an_address_are_one_account(app: &TestApp) {
    for spellings in [
        &[
            "x@bücher.example",
            "X@BÜCHER.example",
            "x@bu\u{308}cher.example",
            "x@xn--bcher-kva.example",
        ][..],
        &["a@example.test", "a@ⓔxample.test", "a@example。test"],
        &[
            "josé@example.test",
            "jose\u{301}@example.test",
            "JOSÉ@example.test",
        ],
    ] {
        let made = register(app, spellings[0]).await.expect(201).data();
        for spelled in spellings {
            register(app, spelled).await.expect_error(409, "CONFLICT");
            let body = json!({"email": spelled, "password": "a long walk"});
            let user = app
                .client()
                .post("/api/auth/login", body)
                .await
                .expect(200)
                .data()["user"]
                .take();
            assert_eq!(
                (&user["id"], &user["email"]),
                (&made["user"]["id"], &json!(spellings[0]))
            );
        }
    }
}

async fn trap_28_what_is_no_address_is_refused(app: &TestApp) {
    let ann = app.customer("ann").await;
    let admin = app.admin().await;
    let grown = format!("{}@example.com", "Ⱥ".repeat(29));
    let long = format!("{}@example.com", "a".repeat(65));
    for bad in [
        "a@１２７.0.0.1",
        "a@127.0.0.1",
        "a@[127.0.0.1]",
        "a@0x7f000001",
        "a@-x.example",
        "a@x_y.example",
        "a@x..example",
        "a@example.com.",
        "a@xn--abc-.example",
        "a\u{200b}b@example.com",
        "a\u{202e}b@example.com",
        &grown,
        &long,
    ] {
        for answer in [
            register(app, bad).await,
            app.client()
                .post("/api/auth/login", json!({"email": bad, "password": "x"}))
                .await,
            admin
                .patch(&format!("/api/users/{}", ann.id), json!({"email": bad}))
                .await,
        ] {
            assert_eq!(answer.validation_errors(), ["email FORMAT"], "{bad}: {answer:?}");
            answer.expect_error(400, "VALIDATION_FAILED");
        }
    }
}

async fn trap_28_a_password_is_the_same_on_every_keyboard(app: &TestApp) {
    let login = async |password: &str| {
        let body = json!({"email": "eve@example.com", "password": password});
        app.client().post("/api/auth/login", body).await
    };
    let body: Value = json!({"email": "eve@example.com", "password": DECOMPOSED, "name": "Eve"});
    app.client().post("/api/auth/register", body).await.expect(201);
    for typed in [COMPOSED, DECOMPOSED, &COMPOSED.replace(' ', "\u{a0}")] {
        login(typed).await.expect(200);
    }
    login(&COMPOSED.to_lowercase())
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    let short = json!({"email": "mal@example.com", "password": "e\u{301}".repeat(7), "name": "M"});
    let faults = app
        .client()
        .post("/api/auth/register", short)
        .await
        .expect(400)
        .validation_errors();
    assert_eq!(faults, ["password LENGTH"]);
}
