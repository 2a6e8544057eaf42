//! A valid body for every route that takes one.

use mainstay_testkit::{Client, TestApp};
use serde_json::{Value, json};

/// A route, the client that calls it, and a valid body.
pub(crate) struct Taker {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) client: Client,
    pub(crate) good: Value,
    /// Whether the request may omit the body.
    pub(crate) optional: bool,
}

/// Every route that takes a body, with resources of its own to act on.
pub(crate) async fn takers(app: &TestApp) -> Vec<Taker> {
    let (ann, admin, product) = (
        app.customer("ann").await,
        app.admin().await,
        app.product(1000, 100).await,
    );
    let order = crate::order_cancel_expire::place(&ann, &product, 1).await;
    let (anonymous, user) = (app.client(), format!("/api/users/{}", ann.id));
    let proof = json!({"password": ann.password});
    let hook = json!({"url": "https://hooks.example/in", "description": "x", "kinds": ["order.*"]});
    let endpoint = admin
        .post("/api/webhook-endpoints", hook.clone())
        .await
        .expect(201)
        .data();
    let endpoint = format!("/api/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
    let (ann, admin) = ((*ann).clone(), (*admin).clone());
    let price = json!({"amount": 100, "currency": "USD"});
    let person = json!({"email": "new@example.com", "password": "walks in the rain", "name": "New"});
    let mut setup = person.clone();
    setup["token"] = json!("mst_x");
    let new = json!({
        "sku": "NEW", "name": "New", "description": "x", "price": price, "stock": 1, "category": "c",
        "attributes": {"a": 1}, "status": "active",
    });
    let mut change = new.clone();
    change["sku"] = json!("CHANGED");
    let rows = [
        ("POST", "/api/auth/register".to_owned(), &anonymous, person, false),
        (
            "POST",
            "/api/auth/login".to_owned(),
            &anonymous,
            json!({"email": "a@example.com", "password": "x"}),
            false,
        ),
        (
            "POST",
            "/api/auth/refresh".to_owned(),
            &anonymous,
            json!({"refreshToken": "x"}),
            true,
        ),
        ("POST", "/api/auth/setup".to_owned(), &anonymous, setup, false),
        ("POST", "/api/auth/step-up".to_owned(), &ann, proof, false),
        (
            "POST",
            "/api/webhook-endpoints".to_owned(),
            &admin,
            hook.clone(),
            false,
        ),
        ("PATCH", endpoint, &admin, hook, false),
        ("POST", "/api/products".to_owned(), &admin, new, false),
        ("PATCH", product.path.clone(), &admin, change, false),
        (
            "POST",
            format!("{}/stock", product.path),
            &admin,
            json!({"delta": 1, "reason": "x"}),
            false,
        ),
        (
            "POST",
            "/api/orders".to_owned(),
            &ann,
            json!({"items": [{"productId": product.id, "quantity": 1}]}),
            false,
        ),
        (
            "POST",
            format!("{order}/cancel"),
            &ann,
            json!({"reason": "x"}),
            true,
        ),
        ("POST", format!("{order}/pay"), &ann, json!({}), true),
    ];
    let rows = rows.into_iter().map(taker);
    rows.chain(of_sign_in(&anonymous, &ann))
        .chain(of_accounts(&admin, &ann, &user))
        .collect()
}

/// The routes of addresses, passwords and factors.
fn of_sign_in(anonymous: &Client, ann: &Client) -> Vec<Taker> {
    let email = json!({"email": "unknown@example.com"});
    let rows = [
        ("password/forgot", anonymous, email.clone()),
        (
            "password/reset",
            anonymous,
            json!({"token": "mrp_x", "password": "walks in the rain"}),
        ),
        (
            "password/change",
            ann,
            json!({"currentPassword": "x", "newPassword": "walks in the rain"}),
        ),
        (
            "email/verify",
            anonymous,
            json!({"token": "mve_x", "password": "x"}),
        ),
        (
            "email/change",
            ann,
            json!({"email": "other@example.com", "password": "x"}),
        ),
        (
            "invitation/accept",
            anonymous,
            json!({"token": "miv_x", "password": "walks in the rain", "name": "New"}),
        ),
        ("magic-link", anonymous, email.clone()),
        (
            "magic-link/verify",
            anonymous,
            json!({"token": "mml_x", "confirm": true}),
        ),
        ("email-code", anonymous, email),
        (
            "email-code/verify",
            anonymous,
            json!({"email": "unknown@example.com", "code": "123456"}),
        ),
        (
            "mfa/verify",
            anonymous,
            json!({"mfaToken": "msf_x", "code": "123456"}),
        ),
        ("mfa/passkey", anonymous, json!({"mfaToken": "msf_x"})),
        ("mfa/totp/enable", ann, json!({"code": "123456"})),
        (
            "restore",
            anonymous,
            json!({"restoreToken": "mra_x", "transport": "body"}),
        ),
        (
            "api-keys",
            ann,
            json!({"name": "shop", "scopes": ["create:order"]}),
        ),
    ];
    rows.into_iter()
        .map(|(path, client, good)| taker(("POST", format!("/api/auth/{path}"), client, good, false)))
        .chain(of_passkeys(anonymous, ann))
        .collect()
}

/// The routes of passkeys.
fn of_passkeys(anonymous: &Client, ann: &Client) -> impl Iterator<Item = Taker> {
    let response = |response: Value| {
        json!({
            "id": "AQ", "rawId": "AQ", "type": "public-key", "response": response,
            "authenticatorAttachment": null, "clientExtensionResults": {},
        })
    };
    let registration = response(json!({"clientDataJSON": "e30", "attestationObject": "oA"}));
    let mut sign_in = response(json!({
        "clientDataJSON": "e30", "authenticatorData": "AA", "signature": "MAA", "userHandle": "AQ",
    }));
    sign_in["transport"] = json!("body");
    let path = |path: &str| format!("/api/auth/passkeys/{path}");
    let start = json!({"email": "unknown@example.com"});
    let some = "0199b1f4-7c00-7000-8000-000000000001";
    let rows = [
        ("POST", path("register/finish"), ann, registration, false),
        ("POST", path("login/start"), anonymous, start, true),
        ("POST", path("login/finish"), anonymous, sign_in, false),
        ("PATCH", path(some), ann, json!({"name": "Phone"}), false),
    ];
    rows.map(taker).into_iter()
}

/// The routes of accounts and roles.
fn of_accounts(admin: &Client, ann: &Client, user: &str) -> impl Iterator<Item = Taker> {
    let change = json!({"name": "x", "email": "ann3@example.com", "status": "active", "locale": "de"});
    let guest = json!({"email": "guest@example.com", "name": "Guest", "role": "customer", "locale": "de"});
    let role = json!({"name": "new", "permissions": ["read:order"]});
    let permissions = json!({"permissions": ["read:order"], "mfaRequired": false});
    let grant = json!({"permission": "read:order", "expiresIn": 60});
    let rows = [
        ("PATCH", user.to_owned(), admin, change, false),
        ("POST", "/api/users".to_owned(), admin, guest, false),
        ("POST", "/api/roles".to_owned(), admin, role, false),
        (
            "PATCH",
            "/api/roles/support".to_owned(),
            admin,
            permissions,
            false,
        ),
        (
            "PATCH",
            "/api/users/me".to_owned(),
            ann,
            json!({"name": "Ann", "locale": "en"}),
            false,
        ),
        (
            "PUT",
            format!("{user}/role"),
            admin,
            json!({"role": "customer"}),
            false,
        ),
        ("POST", format!("{user}/permissions"), admin, grant, false),
    ];
    rows.map(taker).into_iter()
}

fn taker((method, path, client, good, optional): (&'static str, String, &Client, Value, bool)) -> Taker {
    Taker {
        method,
        path,
        client: client.clone(),
        good,
        optional,
    }
}

/// Routes that change something and take no body.
pub(crate) const WITHOUT_A_BODY: [&str; 15] = [
    "/api/auth/logout",
    "/api/auth/logout-all",
    "/api/auth/email/resend",
    "/api/auth/mfa/recovery-codes",
    "/api/auth/mfa/totp/disable",
    "/api/auth/mfa/totp/setup",
    "/api/auth/passkeys/register/start",
    "/api/auth/step-up/email-code",
    "/api/auth/step-up/passkey",
    "/api/jobs/{id}/retry",
    "/api/users/{id}/invitation",
    "/api/users/me/export",
    "/api/webhook-endpoints/{id}/deliveries/{delivery}/replay",
    "/api/webhook-endpoints/{id}/rotate-secret",
    "/api/webhook-endpoints/{id}/test",
];

/// Whether a path fits a pattern such as `/api/orders/{id}`.
pub(crate) fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(&path)
            .all(|(piece, given)| piece.starts_with('{') || piece == given)
}

/// Every variant of a value with one part replaced: each leaf, and each object.
pub(crate) fn spoiled(good: &Value, bad: &Value) -> Vec<Value> {
    fn places(value: &Value, path: &str, all: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    let path = format!("{path}/{key}");
                    all.push(path.clone());
                    places(inner, &path, all);
                }
            }
            Value::Array(list) => {
                for (at, inner) in list.iter().enumerate() {
                    let path = format!("{path}/{at}");
                    all.push(path.clone());
                    places(inner, &path, all);
                }
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    places(good, "", &mut all);
    let put = |path: &String| {
        let mut value = good.clone();
        *value.pointer_mut(path).expect("it was found there") = bad.clone();
        value
    };
    all.iter().map(put).collect()
}
