//! Passkeys: registration, sign-in, and what becomes of them.

use crate::MINUTE;
use mainstay_testkit::{Answer, Client, PasskeyDevice, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    a_passkey_is_registered_listed_renamed_and_removed;
    a_passkey_signs_in_without_a_user_name;
    a_passkey_signs_in_with_a_user_name;
    a_browser_gets_cookies;
    an_account_has_several_passkeys_each_once;
    registration_needs_a_recent_proof;
    removal_needs_a_step_up_and_ends_the_use;
    the_last_way_in_stays;
    trap_10_the_owner_of_an_address_loses_a_strangers_passkey;
    trap_11_unknown_addresses_are_answered_alike;
    disabled_and_deleted_accounts_stay_out;
}

pub(crate) const START: &str = "/api/auth/passkeys/login/start";
pub(crate) const FINISH: &str = "/api/auth/passkeys/login/finish";
pub(crate) const REGISTER: &str = "/api/auth/passkeys/register/start";
const PASSKEYS: &str = "/api/auth/passkeys";
const ME: &str = "/api/users/me";

/// Options for a sign-in without a user name.
pub(crate) async fn options(client: &Client) -> Value {
    client.post_nothing(START).await.expect(200).data()
}

/// Signs in with a device, without a user name.
pub(crate) async fn sign_in(client: &Client, device: &PasskeyDevice) -> Answer {
    let response = device.sign(&options(client).await);
    client.post(FINISH, response).await
}

fn path_of(passkey: &Value) -> String {
    format!("{PASSKEYS}/{}", passkey["id"].as_str().unwrap())
}

async fn a_passkey_is_registered_listed_renamed_and_removed(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let options = ann.post_nothing(REGISTER).await.expect(200).data();
    let public_key = &options["publicKey"];
    assert_eq!(public_key["rp"]["id"], "localhost");
    assert_eq!(public_key["user"]["name"], "ann@example.com");
    assert_eq!(public_key["attestation"], "none");
    assert_eq!(public_key["timeout"], 300_000);
    let selection = &public_key["authenticatorSelection"];
    assert_eq!(selection["userVerification"], "required");
    assert_eq!(selection["residentKey"], "preferred");
    let mut device = app.passkey_device();
    let mut response = device.register(&options);
    response["name"] = json!("  Phone ");
    let finish = "/api/auth/passkeys/register/finish";
    let answer = ann.post(finish, response).await.expect(201);
    let passkey = answer.data();
    assert_eq!(answer.header("location"), Some(path_of(&passkey).as_str()));
    assert_eq!(
        (&passkey["name"], &passkey["synced"]),
        (&json!("Phone"), &json!(false))
    );
    assert_eq!(passkey["lastUsedAt"], Value::Null);
    assert_eq!(passkey["recoveryCodes"].as_array().unwrap().len(), 10);
    assert_eq!(ann.get(ME).await.expect(200).data()["mfaEnabled"], true);
    app.run_jobs().await;
    let mail = app.mailbox.messages().pop().unwrap();
    assert_eq!(mail.subject, "A passkey was added to your account");
    assert!(
        mail.to.as_str().contains("ann@") && mail.text.contains("“Phone”"),
        "{}",
        mail.text
    );

    sign_in(&app.client(), &device).await.expect(200);
    let listed = ann.get(PASSKEYS).await.expect(200).list();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], passkey["id"]);
    assert_ne!(listed[0]["lastUsedAt"], Value::Null);
    assert!(listed[0].get("recoveryCodes").is_none());
    let path = path_of(&passkey);
    assert_eq!(ann.get(&path).await.expect(200).data(), listed[0]);
    let renamed = ann
        .patch(&path, json!({"name": "Old phone"}))
        .await
        .expect(200)
        .data();
    assert_eq!(renamed["name"], "Old phone");
    for bad in ["", "a\nb", &"x".repeat(101)] {
        ann.patch(&path, json!({"name": bad}))
            .await
            .expect_error(400, "VALIDATION_FAILED");
    }
    // A stranger's passkey does not exist.
    assert!(bob.get(PASSKEYS).await.expect(200).list().is_empty());
    bob.step_up().await;
    bob.get(&path).await.expect_error(404, "NOT_FOUND");
    bob.patch(&path, json!({"name": "Mine"}))
        .await
        .expect_error(404, "NOT_FOUND");
    bob.delete(&path).await.expect_error(404, "NOT_FOUND");
    let trail = app
        .admin()
        .await
        .get("/api/audit?resource=passkey")
        .await
        .expect(200)
        .list();
    let mut kinds: Vec<_> = trail
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["CREATE", "UPDATE", "USE"]);
    assert!(
        trail.iter().all(|entry| entry["userId"] == json!(ann.id)),
        "{trail:?}"
    );
}

async fn a_passkey_signs_in_without_a_user_name(app: &TestApp) {
    let ann = app.customer("ann").await;
    let device = app.registered_passkey(&ann).await;
    let offered = options(&app.client()).await;
    assert_eq!(offered["publicKey"]["allowCredentials"], json!([]));
    assert_eq!(offered["publicKey"]["userVerification"], "required");
    let answer = app.client().post(FINISH, device.sign(&offered)).await.expect(200);
    let again = TestUser::of(&answer, &app.client(), &ann.password);
    assert_eq!(again.id, ann.id);
    again.get("/api/orders").await.expect(200);
    let sessions = again.get("/api/auth/sessions").await.expect(200).list();
    assert!(
        sessions.iter().any(|session| session["method"] == "passkey"),
        "{sessions:?}"
    );
    // It is no step-up.
    again
        .post_nothing("/api/auth/mfa/recovery-codes")
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    // A response that does not name its account is none of a passkey that the device found.
    let mut silent = app.registered_passkey(&app.customer("bob").await).await;
    silent.user_handle = None;
    sign_in(&app.client(), &silent)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
}

async fn a_passkey_signs_in_with_a_user_name(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let mut device = app.registered_passkey(&ann).await;
    let of_bob = app.registered_passkey(&bob).await;
    let start = async || {
        let body = json!({"email": "ANN@example.com"});
        app.client().post(START, body).await.expect(200).data()
    };
    let offered = start().await;
    let allowed = offered["publicKey"]["allowCredentials"].as_array().unwrap();
    assert_eq!(allowed.len(), 1);
    let id = mainstay_platform::crypto::base64url(&device.id);
    assert_eq!(allowed[0], json!({"type": "public-key", "id": id}));
    app.client()
        .post(FINISH, of_bob.sign(&offered))
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    // Security keys without room for accounts do not know whose they are.
    device.user_handle = None;
    let answer = app.client().post(FINISH, device.sign(&offered)).await.expect(200);
    assert_eq!(answer.data()["user"]["id"], json!(ann.id));
    device.user_handle = of_bob.user_handle.clone();
    app.client()
        .post(FINISH, device.sign(&start().await))
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
}

async fn a_browser_gets_cookies(app: &TestApp) {
    let device = app.registered_passkey(&app.customer("ann").await).await;
    let mut response = device.sign(&options(&app.client()).await);
    response["transport"] = json!("cookie");
    let answer = app.client().post(FINISH, response).await.expect(200);
    assert_eq!(answer.all("set-cookie").len(), 3, "two tokens and the device");
    assert!(!answer.text().contains("eyJ"), "{answer:?}");
}

async fn an_account_has_several_passkeys_each_once(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let mut first = app.registered_passkey(&ann).await;
    first.step_up(&ann).await;
    let mut second = app.passkey_device();
    let registered = second.register_at(&ann).await;
    assert!(registered.get("recoveryCodes").is_none(), "{registered}");
    for device in [&first, &second] {
        sign_in(&app.client(), device).await.expect(200);
    }
    // What is registered is excluded, and refused of a client that registers it all the same, for whichever account.
    let options = ann.post_nothing(REGISTER).await.expect(200).data();
    let excluded = options["publicKey"]["excludeCredentials"].as_array().unwrap();
    assert_eq!(excluded.len(), 2);
    let finish = "/api/auth/passkeys/register/finish";
    ann.post(finish, first.register(&options))
        .await
        .expect_error(400, "VALIDATION_FAILED");
    let options = bob.post_nothing(REGISTER).await.expect(200).data();
    bob.post(finish, first.register(&options))
        .await
        .expect_error(409, "CONFLICT");
    assert_eq!(ann.get(PASSKEYS).await.expect(200).list().len(), 2);
    assert!(bob.get(PASSKEYS).await.expect(200).list().is_empty());
    assert_eq!(bob.get(ME).await.expect(200).data()["mfaEnabled"], false);
    for _ in 2..20 {
        app.passkey_device().register_at(&ann).await;
    }
    ann.post_nothing(REGISTER)
        .await
        .expect_error(409, "INVALID_STATE");
}

async fn registration_needs_a_recent_proof(app: &TestApp) {
    let ann = app.customer("ann").await;
    app.advance(11 * MINUTE);
    ann.post_nothing(REGISTER)
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    ann.step_up().await;
    app.registered_passkey(&ann).await;
    // An account with a second factor does not add another by a sign-in alone, however fresh it is.
    app.advance(11 * MINUTE);
    let device = app.registered_passkey(&app.customer("bob").await).await;
    let answer = sign_in(&app.client(), &device).await.expect(200);
    let fresh = TestUser::of(&answer, &app.client(), "bob likes long walks");
    fresh
        .post_nothing(REGISTER)
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    device.step_up(&fresh).await;
    fresh.post_nothing(REGISTER).await.expect(200);
}

async fn removal_needs_a_step_up_and_ends_the_use(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut device = app.passkey_device();
    let path = path_of(&device.register_at(&ann).await);
    ann.delete(&path).await.expect_error(403, "STEP_UP_REQUIRED");
    device.step_up(&ann).await;
    // Also a response that was made before the removal.
    let before = device.sign(&options(&app.client()).await);
    ann.delete(&path).await.expect(204);
    ann.delete(&path).await.expect_error(404, "NOT_FOUND");
    for response in [before, device.sign(&options(&app.client()).await)] {
        app.client()
            .post(FINISH, response)
            .await
            .expect_error(401, "INVALID_CREDENTIALS");
    }
    // Without its only second factor, the account has no recovery codes either, and a password is enough.
    assert_eq!(ann.get(ME).await.expect(200).data()["mfaEnabled"], false);
    assert_eq!(crate::provider::count(app, "recovery_codes").await, "0");
    app.sign_in(&ann.email, &ann.password).await;
}

async fn the_last_way_in_stays(app: &TestApp) {
    let at = crate::provider::setting_with(app, &[("PUBLIC_URL", "http://localhost:3000")]).await;
    let first = at.sign_in("stub").await.expect(200).data();
    let ann = at.client().bearer(first["accessToken"].as_str().unwrap());
    let mut device = PasskeyDevice::new("http://localhost:3000");
    app.leave_jobs();
    let path = path_of(&device.register_at(&ann).await);
    device.step_up(&ann).await;
    let identities = ann.get("/api/auth/identities").await.expect(200).list();
    let identity = format!("/api/auth/identities/{}", identities[0]["id"].as_str().unwrap());
    // Of a passkey and an identity, each may go, but not both.
    ann.delete(&identity).await.expect(204);
    ann.delete(&path).await.expect_error(409, "CONFLICT");
    let mut other = PasskeyDevice::new("http://localhost:3000");
    let other = path_of(&other.register_at(&ann).await);
    ann.delete(&path).await.expect(204);
    ann.delete(&other).await.expect_error(409, "CONFLICT");
}

async fn trap_10_the_owner_of_an_address_loses_a_strangers_passkey(app: &TestApp) {
    let stranger = app.customer("ann").await;
    let device = app.registered_passkey(&stranger).await;
    sign_in(&app.client(), &device).await.expect(200);
    let body = json!({"email": stranger.email});
    app.client().post("/api/auth/email-code", body).await.expect(202);
    app.run_jobs().await;
    let text = app.mailbox.messages().last().unwrap().text.clone();
    let code = text
        .split(|c: char| !c.is_ascii_digit())
        .find(|part| part.len() == 6);
    let body = json!({"email": stranger.email, "code": code.unwrap()});
    let answer = app
        .client()
        .post("/api/auth/email-code/verify", body)
        .await
        .expect(200);
    assert_eq!(
        answer.data()["user"]["mfaEnabled"],
        false,
        "no second factor is asked for"
    );
    sign_in(&app.client(), &device)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    let owner = TestUser::of(&answer, &app.client(), "");
    assert!(owner.get(PASSKEYS).await.expect(200).list().is_empty());
    app.leave_jobs();
}

async fn trap_11_unknown_addresses_are_answered_alike(app: &TestApp) {
    let (ann, _) = (app.customer("ann").await, app.customer("bob").await);
    app.registered_passkey(&ann).await;
    let start = async |email: &str| {
        let answer = app
            .client()
            .post(START, json!({"email": email}))
            .await
            .expect(200);
        let mut options = answer.data();
        options["publicKey"]["challenge"] = Value::Null;
        options
    };
    // With an account that has no passkeys, and without an account: the same ids whenever they are asked for.
    for email in ["bob@example.com", "unknown@example.com"] {
        assert_eq!(start(email).await, start(email).await);
    }
    let mut invented = 0;
    for number in 0..20 {
        let mut options = start(&format!("a{number}@example.com")).await;
        let allowed = options["publicKey"]["allowCredentials"].take();
        let allowed = allowed.as_array().unwrap();
        invented += usize::from(!allowed.is_empty());
        for one in allowed {
            assert_eq!(one.as_object().unwrap().len(), 2, "{one}");
        }
        let mut known = start(&ann.email).await;
        known["publicKey"]["allowCredentials"] = Value::Null;
        assert_eq!(options, known);
    }
    assert!(invented > 5, "{invented}");
}

async fn disabled_and_deleted_accounts_stay_out(app: &TestApp) {
    let (admin, ann, bob) = (
        app.admin().await,
        app.customer("ann").await,
        app.customer("bob").await,
    );
    let (of_ann, of_bob) = (
        app.registered_passkey(&ann).await,
        app.registered_passkey(&bob).await,
    );
    let path = format!("/api/users/{}", ann.id);
    admin
        .patch(&path, json!({"status": "disabled"}))
        .await
        .expect(200);
    sign_in(&app.client(), &of_ann)
        .await
        .expect_error(403, "ACCOUNT_DISABLED");
    admin.delete(&format!("/api/users/{}", bob.id)).await.expect(204);
    sign_in(&app.client(), &of_bob)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    assert_eq!(crate::provider::count(app, "passkeys").await, "1", "those of ann");
}
