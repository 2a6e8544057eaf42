//! Attacks on passkeys: used, expired and foreign challenges, other sites, and responses that are none.

use crate::passkey::{FINISH, REGISTER, START, options, sign_in};
use crate::{MINUTE, SECOND};
use futures_util::future::join_all;
use mainstay_testkit::{PasskeyDevice, TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    trap_19_a_challenge_works_once_even_raced_over_two_processes with PUBLIC_URL = "https://shop.example";
    trap_19_a_registration_works_once_even_raced;
    challenges_expire;
    a_registration_is_of_the_account_that_began_it;
    other_sites_do_not_sign_in;
    other_sites_do_not_register;
    a_response_is_of_the_key_that_was_registered;
    responses_that_are_none_are_refused;
    wrong_passkeys_are_security_events_that_name_the_account;
    a_public_address_without_a_name_has_no_passkeys with PUBLIC_URL = "https://192.0.2.1";
}

const REGISTERED: &str = "/api/auth/passkeys/register/finish";

async fn trap_19_a_challenge_works_once_even_raced_over_two_processes(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut device = app.registered_passkey(&ann).await;
    let other = app.another_node().await;
    for round in 1..=3 {
        device.counter = round;
        let response = device.sign(&options(&app.client()).await);
        let clients: Vec<_> = (0..8)
            .map(|at| if at % 2 == 0 { app.client() } else { other.client() })
            .collect();
        let answers = join_all(clients.iter().map(|client| client.post(FINISH, response.clone()))).await;
        let mut succeeded = 0;
        for answer in answers {
            match answer.status {
                200 => succeeded += 1,
                // A response that comes after another's commit shows a counter that was used.
                _ => assert!(
                    answer.status == 401
                        && ["TOKEN_INVALID", "INVALID_CREDENTIALS"].contains(&answer.code().as_str()),
                    "{answer:?}"
                ),
            }
        }
        assert_eq!(succeeded, 1, "round {round}");
        app.client()
            .post(FINISH, response)
            .await
            .expect_error(401, "TOKEN_INVALID");
    }
    other.stop().await;
}

async fn trap_19_a_registration_works_once_even_raced(app: &TestApp) {
    let ann = app.customer("ann").await;
    let options = ann.post_nothing(REGISTER).await.expect(200).data();
    let response = app.passkey_device().register(&options);
    let answers = join_all((0..6).map(|_| ann.post(REGISTERED, response.clone()))).await;
    let mut succeeded = 0;
    for answer in answers {
        match answer.status {
            201 => succeeded += 1,
            _ => {
                answer.expect_error(401, "TOKEN_INVALID");
            }
        }
    }
    assert_eq!(succeeded, 1);
    let listed = ann.get("/api/auth/passkeys").await.expect(200).list();
    assert_eq!(listed.len(), 1);
}

async fn challenges_expire(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let device = app.registered_passkey(&ann).await;
    let in_time = device.sign(&options(&app.client()).await);
    app.advance(5 * MINUTE - SECOND);
    app.client().post(FINISH, in_time).await.expect(200);
    let late = device.sign(&options(&app.client()).await);
    let registration = bob.post_nothing(REGISTER).await.expect(200).data();
    app.advance(5 * MINUTE);
    app.client()
        .post(FINISH, late)
        .await
        .expect_error(401, "TOKEN_INVALID");
    let late = app.passkey_device().register(&registration);
    bob.post(REGISTERED, late)
        .await
        .expect_error(401, "TOKEN_INVALID");
}

async fn a_registration_is_of_the_account_that_began_it(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let options = ann.post_nothing(REGISTER).await.expect(200).data();
    let mut device = app.passkey_device();
    let response = device.register(&options);
    bob.post(REGISTERED, response.clone())
        .await
        .expect_error(401, "TOKEN_INVALID");
    app.client()
        .post(REGISTERED, response.clone())
        .await
        .expect_error(401, "UNAUTHORIZED");
    ann.post(REGISTERED, response).await.expect(201);
    // A new password, or the step-up of an owner, does not leave the challenges of a thief behind.
    device.step_up(&ann).await;
    let options = ann.post_nothing(REGISTER).await.expect(200).data();
    let body = json!({"currentPassword": ann.password, "newPassword": "walks in the snow"});
    ann.post("/api/auth/password/change", body).await.expect(204);
    let response = app.passkey_device().register(&options);
    ann.post(REGISTERED, response)
        .await
        .expect_error(401, "TOKEN_INVALID");
    app.leave_jobs();
}

/// A name, and what makes a device lie in that way.
type Lie = (&'static str, Box<dyn Fn(&mut PasskeyDevice)>);

/// Makes a device lie in one way after the other.
fn lies(origin: &str) -> Vec<Lie> {
    let origins = [
        "https://evil.example".to_owned(),
        "http://localhost".to_owned(),
        "http://sub.localhost:1".to_owned(),
        origin.replace("http:", "https:"),
        origin.replace("localhost", "127.0.0.1"),
        format!("{origin}0"),
        "null".to_owned(),
    ];
    let mut lies: Vec<Lie> = Vec::new();
    for other in origins {
        lies.push(("origin", Box::new(move |device| device.origin.clone_from(&other))));
    }
    lies.push((
        "site",
        Box::new(|device| device.site = Some("evil.example".to_owned())),
    ));
    lies.push((
        "site of a parent",
        Box::new(|device| device.site = Some("host".to_owned())),
    ));
    lies.push(("embedded", Box::new(|device| device.cross_origin = true)));
    lies.push(("no verification", Box::new(|device| device.verifies_user = false)));
    lies
}

async fn other_sites_do_not_sign_in(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut device = app.registered_passkey(&ann).await;
    let origin = device.origin.clone();
    for (what, lie) in lies(&origin) {
        lie(&mut device);
        let answer = sign_in(&app.client(), &device).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "INVALID_CREDENTIALS"),
            "{what}"
        );
        (device.origin, device.site) = (origin.clone(), None);
        (device.cross_origin, device.verifies_user) = (false, true);
    }
    // What was bound to one device does not become one that is copied.
    device.synced = true;
    sign_in(&app.client(), &device)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    device.synced = false;
    sign_in(&app.client(), &device).await.expect(200);
}

async fn other_sites_do_not_register(app: &TestApp) {
    let ann = app.customer("ann").await;
    let origin = app.passkey_device().origin;
    for (what, lie) in lies(&origin) {
        let mut device = app.passkey_device();
        lie(&mut device);
        let options = ann.post_nothing(REGISTER).await.expect(200).data();
        let answer = ann.post(REGISTERED, device.register(&options)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "VALIDATION_FAILED"),
            "{what}"
        );
        assert!(
            answer.validation_errors()[0].starts_with("response "),
            "{answer:?}"
        );
    }
    assert_eq!(crate::provider::count(app, "passkeys").await, "0");
}

async fn a_response_is_of_the_key_that_was_registered(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let device = app.registered_passkey(&ann).await;
    let of_bob = app.registered_passkey(&bob).await;
    // Another key under the id of ann's, and ann's account in a response by bob's.
    let mut forged = app.passkey_device();
    (forged.id, forged.user_handle) = (device.id.clone(), device.user_handle.clone());
    sign_in(&app.client(), &forged)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    let mut other = app.registered_passkey(&app.customer("eve").await).await;
    other.user_handle = device.user_handle.clone();
    sign_in(&app.client(), &other)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    // Each part is signed.
    let good = device.sign(&options(&app.client()).await);
    let elsewhere = of_bob.sign(&options(&app.client()).await);
    for part in ["authenticatorData", "signature"] {
        let mut mixed = good.clone();
        mixed["response"][part] = elsewhere["response"][part].clone();
        if mixed == good {
            continue;
        }
        let mut changed =
            mainstay_platform::crypto::from_base64url(good["response"][part].as_str().unwrap()).unwrap();
        let last = changed.len() - 1;
        changed[last] ^= 1;
        mixed["response"][part] = json!(mainstay_platform::crypto::base64url(&changed));
        app.client()
            .post(FINISH, mixed)
            .await
            .expect_error(401, "INVALID_CREDENTIALS");
    }
    app.client().post(FINISH, good).await.expect(200);
}

async fn responses_that_are_none_are_refused(app: &TestApp) {
    let ann = app.customer("ann").await;
    let device = app.registered_passkey(&ann).await;
    let good = device.sign(&options(&app.client()).await);
    let with = |pointer: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    for (pointer, value) in [
        ("/id", json!("AQ")),
        ("/rawId", json!("not base64url!")),
        ("/rawId", json!("AA==")),
        ("/type", json!("password")),
        ("/response", json!(null)),
        ("/response/signature", json!(1)),
        ("/response/clientDataJSON", json!("*")),
        ("/response/userHandle", json!([])),
    ] {
        let answer = app.client().post(FINISH, with(pointer, value)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "VALIDATION_FAILED"),
            "{pointer}"
        );
    }
    let mut surplus = good.clone();
    surplus["credential"] = json!({});
    app.client()
        .post(FINISH, surplus)
        .await
        .expect_error(400, "VALIDATION_FAILED");
    // Client data that names no challenge of ours.
    let encoded = |text: &str| json!(mainstay_platform::crypto::base64url(text.as_bytes()));
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for client_data in [
        "",
        "{",
        "[]",
        "{\"challenge\":\"AQ\"}",
        "{\"challenge\":{}}",
        &deep,
    ] {
        let answer = app
            .client()
            .post(FINISH, with("/response/clientDataJSON", encoded(client_data)))
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "TOKEN_INVALID"),
            "{client_data}"
        );
    }
    for garbage in ["", "A", &"A".repeat(37), &"\u{0}".repeat(3000)] {
        for part in ["/response/authenticatorData", "/response/signature"] {
            let answer = app.client().post(FINISH, with(part, encoded(garbage))).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (401, "INVALID_CREDENTIALS"),
                "{part}"
            );
        }
    }
    app.client().post(FINISH, good.clone()).await.expect(200);
    device.step_up(&ann).await;
    let options = ann.post_nothing(REGISTER).await.expect(200).data();
    let good = app.passkey_device().register(&options);
    for garbage in [
        "",
        "\u{a0}",
        "\u{a3}cfmt",
        &"\u{9f}".repeat(5000),
        &"\u{0}".repeat(100),
    ] {
        let bytes: Vec<u8> = garbage
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap())
            .collect();
        let mut bad = good.clone();
        bad["response"]["attestationObject"] = json!(mainstay_platform::crypto::base64url(&bytes));
        ann.post(REGISTERED, bad)
            .await
            .expect_error(400, "VALIDATION_FAILED");
    }
    ann.post(REGISTERED, good).await.expect(201);
    for bad in [json!({"email": "x"}), json!({"email": 1}), json!({"name": "x"})] {
        app.client()
            .post(START, bad)
            .await
            .expect_error(400, "VALIDATION_FAILED");
    }
}

async fn wrong_passkeys_are_security_events_that_name_the_account(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut device = app.registered_passkey(&ann).await;
    device.verifies_user = false;
    sign_in(&app.client(), &device)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    app.engine().security().flush().await.unwrap();
    let events = app.admin().await.get("/api/security-events").await;
    let events = events.expect(200).list();
    let of_ann = |event: &&Value| {
        event["type"] == "login_failed"
            && event["operation"] == "passkey.sign-in"
            && event["userId"] == *ann.id
    };
    assert_eq!(events.iter().find(of_ann).expect("an event")["count"], 1);
}

async fn a_public_address_without_a_name_has_no_passkeys(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.post_nothing(REGISTER)
        .await
        .expect_error(409, "INVALID_STATE");
    app.client()
        .post_nothing(START)
        .await
        .expect_error(409, "INVALID_STATE");
    app.client()
        .post(START, json!({"email": ann.email}))
        .await
        .expect_error(409, "INVALID_STATE");
}
