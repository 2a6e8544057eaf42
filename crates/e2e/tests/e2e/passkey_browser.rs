//! Passkeys in a real browser: Chromium with an authenticator in software, at a page of the app.

use crate::openid_provider::keep_time;
use mainstay_testkit::{Browser, Client, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    chromium_registers_a_passkey_and_signs_in_with_it;
    chromium_presents_a_passkey_as_a_second_factor_and_for_a_step_up;
}

/// Both functions take the options of the server and return what the browser sends back.
const CREATE: &str = "async (options) => (await navigator.credentials.create({publicKey: \
     PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey)})).toJSON()";
const GET: &str = "async (options) => (await navigator.credentials.get({publicKey: \
     PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey)})).toJSON()";

/// A whole sign-in by a page, which gets cookies; returns the account that they belong to.
const SIGN_IN: &str = r#"async (address) => {
    const post = (path, body) => fetch(path, {
        method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(body ?? {}),
    }).then((answer) => answer.json());
    const options = await post("/api/auth/passkeys/login/start", address);
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.data.publicKey);
    const credential = await navigator.credentials.get({publicKey});
    const finished = await post("/api/auth/passkeys/login/finish", {...credential.toJSON(), transport: "cookie"});
    return finished.error ? finished : fetch("/api/users/me").then((answer) => answer.json());
}"#;

/// A page of the app that may send requests, under the name that passkeys are bound to.
fn page(client: &Client) -> String {
    format!("{}/docs/", client.url().replace("127.0.0.1", "localhost"))
}

async fn register(browser: &mut Browser, user: &TestUser) -> Value {
    let options = user.post_nothing("/api/auth/passkeys/register/start").await;
    let mut response = browser.evaluate(CREATE, options.expect(200).data()).await;
    response["name"] = json!("Chromium");
    let finished = user.post("/api/auth/passkeys/register/finish", response).await;
    finished.expect(201).data()
}

async fn chromium_registers_a_passkey_and_signs_in_with_it(app: &TestApp) {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    // Otherwise the cookies have expired already.
    keep_time(app);
    let ann = app.customer("ann").await;
    browser.open(&page(&ann)).await;
    let registered = register(&mut browser, &ann).await;
    assert_eq!(registered["name"], "Chromium");
    for address in [json!({}), json!({"email": ann.email})] {
        browser.open(&page(&ann)).await;
        let me = browser.evaluate(SIGN_IN, address).await;
        assert_eq!(me["data"]["id"], json!(ann.id), "{me}");
    }
    // What was removed signs in no more, although the device still has it.
    let id = registered["id"].as_str().unwrap();
    let path = format!("/api/auth/passkeys/{id}");
    let renamed = ann.patch(&path, json!({"name": "Laptop"})).await.expect(200);
    assert_eq!(renamed.data()["name"], "Laptop");
    step_up(&mut browser, &ann).await;
    ann.delete(&path).await.expect(204);
    browser.open(&page(&ann)).await;
    let me = browser.evaluate(SIGN_IN, json!({})).await;
    assert_eq!(me["error"]["code"], "INVALID_CREDENTIALS", "{me}");
    app.leave_jobs();
}

async fn chromium_presents_a_passkey_as_a_second_factor_and_for_a_step_up(app: &TestApp) {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    // Otherwise the cookies have expired already.
    keep_time(app);
    let ann = app.customer("ann").await;
    browser.open(&page(&ann)).await;
    register(&mut browser, &ann).await;
    let token = app.first_factor(&ann).await;
    let options = app
        .client()
        .post("/api/auth/mfa/passkey", json!({"mfaToken": token}))
        .await;
    let response = browser.evaluate(GET, options.expect(200).data()).await;
    let body = json!({"mfaToken": token, "passkey": response});
    let answer = app.client().post("/api/auth/mfa/verify", body).await.expect(200);
    let again = TestUser::of(&answer, &app.client(), &ann.password);
    let key = json!({"name": "a key", "scopes": ["create:order"]});
    again
        .post("/api/auth/api-keys", key.clone())
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    step_up(&mut browser, &again).await;
    again.post("/api/auth/api-keys", key).await.expect(201);
    app.leave_jobs();
}

async fn step_up(browser: &mut Browser, user: &TestUser) {
    let options = user.post_nothing("/api/auth/step-up/passkey").await;
    let response = browser.evaluate(GET, options.expect(200).data()).await;
    user.post("/api/auth/step-up", json!({"passkey": response}))
        .await
        .expect(204);
}
