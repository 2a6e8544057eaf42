//! Rules for new passwords, and hashes that are renewed.

use mainstay_platform::clock::SystemRandom;
use mainstay_platform::crypto::password::{Params, PasswordHasher};
use mainstay_testkit::{Answer, TestApp, on_both_engines};
use serde_json::json;
use std::sync::Arc;

on_both_engines! {
    passwords_that_attackers_try_first_are_refused;
    only_the_length_counts;
    a_deployment_chooses_the_minimum_length with PASSWORD_MIN = "12";
    a_password_is_hashed_again_when_the_parameters_changed;
    trap_28_sign_in_works_with_each_spelling_of_an_address;
    trap_28_an_address_that_passes_for_another_is_refused;
}

async fn register(app: &TestApp, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password, "name": "Zoë Winterbottom"});
    app.client().post("/api/auth/register", body).await
}

async fn login(app: &TestApp, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    app.client().post("/api/auth/login", body).await
}

async fn passwords_that_attackers_try_first_are_refused(app: &TestApp) {
    for bad in [
        "Password1!",
        "P@ssw0rd1",
        "iloveyou2",
        "sunshine1",
        "qwerty12",
        "ｐａｓｓｗｏｒｄ",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "carpenter99",
        "Carpenter.Zoe",
        "winterbottom!",
        "timberyard2026",
        "carpenter.zoe@timberyard.example",
        "Mainstay2026",
    ] {
        let answer = register(app, "carpenter.zoe@timberyard.example", bad).await;
        let errors = answer.expect_error(400, "VALIDATION_FAILED").validation_errors();
        assert!(errors[0].starts_with("password COMMON"), "{bad}: {errors:?}");
    }
    register(app, "carpenter.zoe@timberyard.example", "carpenter of the north")
        .await
        .expect(201);
}

async fn only_the_length_counts(app: &TestApp) {
    let longest: String = ('a'..='z').cycle().step_by(7).take(256).collect();
    for (number, good) in [
        "kvzmqyxw",
        "        pause",
        "\u{1}\u{2}\u{7}tabs\t",
        "пароль из слов",
        &longest,
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("user{number}@example.com");
        register(app, &email, good).await.expect(201);
        login(app, &email, good).await.expect(200);
    }
    for bad in ["kvzmqyx", &format!("{longest}a")] {
        let answer = register(app, "new@example.com", bad).await;
        let errors = answer.expect_error(400, "VALIDATION_FAILED").validation_errors();
        assert!(errors[0].starts_with("password LENGTH"), "{errors:?}");
    }
    // Longer than what was registered: no prefix of a password is that password.
    login(app, "user4@example.com", &format!("{longest}a"))
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
}

async fn a_deployment_chooses_the_minimum_length(app: &TestApp) {
    let answer = register(app, "ann@example.com", "kvzmqyxwrtp").await;
    let answer = answer.expect_error(400, "VALIDATION_FAILED");
    assert!(answer.text().contains("12 to 256"), "{answer:?}");
    register(app, "ann@example.com", "kvzmqyxwrtpb").await.expect(201);
}

async fn a_password_is_hashed_again_when_the_parameters_changed(app: &TestApp) {
    let ann = app.customer("ann").await;
    let weaker = Params {
        memory_kib: 16,
        ..Params::fast_for_tests()
    };
    let hasher = PasswordHasher::new(weaker, 1, 1, Arc::new(SystemRandom)).unwrap();
    let hash = hasher.hash(ann.password.clone().into()).await.unwrap();
    app.execute_raw(&format!("UPDATE credentials SET password_hash = '{hash}'"))
        .await;
    let stored = async || {
        let rows = app
            .query_raw("SELECT CAST(password_hash AS TEXT) FROM credentials")
            .await;
        rows[0][0].clone().unwrap()
    };
    login(app, &ann.email, "a guess").await.expect(401);
    assert_eq!(stored().await, hash, "a wrong password renews nothing");
    login(app, &ann.email, &ann.password).await.expect(200);
    let renewed = stored().await;
    assert!(renewed != hash && renewed.contains("m=32,"), "{renewed}");
    login(app, &ann.email, &ann.password).await.expect(200);
    assert_eq!(stored().await, renewed, "once is enough");
}

async fn trap_28_sign_in_works_with_each_spelling_of_an_address(app: &TestApp) {
    for (number, (registered, others)) in [
        (
            "ann@bücher.example",
            vec!["ANN@xn--bcher-kva.example", "ａｎｎ@ＢＵ\u{308}ＣＨＥＲ。example"],
        ),
        (
            "νίκος@example.com",
            vec!["ΝΊΚΟΣ@example.com", "νίκοσ@EXAMPLE.com"],
        ),
        ("ⓑⓞⓑ@ⓔxample.com", vec!["bob@example.com", " BOB@example.com "]),
    ]
    .into_iter()
    .enumerate()
    {
        let password = format!("walks in the rain {number}");
        register(app, registered, &password).await.expect(201);
        for other in others.into_iter().chain([registered]) {
            login(app, other, &password).await.expect(200);
            register(app, other, "another long walk")
                .await
                .expect_error(409, "CONFLICT");
        }
    }
}

async fn trap_28_an_address_that_passes_for_another_is_refused(app: &TestApp) {
    register(app, "paypal@example.com", "walks in the rain")
        .await
        .expect(201);
    for bad in ["раураl@example.com", "paypal@exаmple.com", "ann@раура.com"] {
        let answer = register(app, bad, "walks in the rain").await;
        let errors = answer.expect_error(400, "VALIDATION_FAILED").validation_errors();
        assert!(errors[0].starts_with("email FORMAT"), "{bad}: {errors:?}");
    }
}
