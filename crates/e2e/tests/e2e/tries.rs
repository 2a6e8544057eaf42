//! Guessing: tries are counted in the database before they are evaluated.

use crate::{HOUR, MINUTE, SECOND};
use futures_util::future::join_all;
use mainstay_testkit::{Answer, Client, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    trap_21_guesses_at_the_same_time_are_all_counted with RATE_LIMITS = "on", TRUSTED_PROXIES = "127.0.0.0/8";
    trap_21_tries_count_over_nodes_and_restarts with RATE_LIMITS = "on", TRUSTED_PROXIES = "127.0.0.0/8";
    trap_11_guesses_from_many_networks_lock_no_owner_out with RATE_LIMITS = "on", TRUSTED_PROXIES = "127.0.0.0/8";
    trap_11_a_stranger_in_the_same_network_locks_no_known_browser_out with RATE_LIMITS = "on", TRUSTED_PROXIES = "127.0.0.0/8";
    guesses_at_many_accounts_are_counted_for_their_network with RATE_LIMITS = "on", TRUSTED_PROXIES = "127.0.0.0/8";
    waiting_times_grow_and_a_sign_in_ends_them with RATE_LIMITS = "on", TRUSTED_PROXIES = "127.0.0.0/8";
    an_owner_who_signs_in_many_times_at_once_is_served with RATE_LIMITS = "on", TRUSTED_PROXIES = "127.0.0.0/8";
    a_stolen_session_does_not_serve_to_guess_the_password with RATE_LIMITS = "on";
    failed_and_successful_sign_ins_name_the_account;
    without_limits_no_try_is_counted;
}

async fn login(client: &Client, ip: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    client
        .header("x-forwarded-for", ip)
        .post("/api/auth/login", body)
        .await
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

async fn events(app: &TestApp, kind: &str) -> Vec<Value> {
    app.engine().security().flush().await.unwrap();
    let admin = app.admin().await;
    let (mut events, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/security-events?limit=100&cursor={cursor}");
        let answer = admin.get(&path).await.expect(200);
        events.extend(answer.list());
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        match body["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    events.retain(|event| event["type"] == kind);
    events
}

/// Signs in as a browser does; returns the browser with the cookie by which it is recognised.
async fn known_browser(client: &Client, ip: &str, user: &TestUser) -> Client {
    let body = json!({"email": user.email, "password": user.password, "transport": "cookie"});
    let client = client.header("x-forwarded-for", ip);
    let answer = client.post("/api/auth/login", body).await.expect(200);
    let cookies = answer.all("set-cookie");
    let device = cookies.iter().find(|line| line.starts_with("device=")).unwrap();
    client
        .anonymous()
        .header("cookie", device.split(';').next().unwrap())
}

async fn trap_21_guesses_at_the_same_time_are_all_counted(app: &TestApp) {
    let (ann, client) = (app.customer("ann").await, app.client());
    let hasher = &app.engine().components().hasher;
    let before = hasher.computed();
    let guesses: Vec<String> = (0..55).map(|number| format!("guess number {number}")).collect();
    let answers = join_all(
        guesses
            .iter()
            .map(|guess| login(&client, "198.51.100.66", &ann.email, guess)),
    );
    let answers = answers.await;
    assert_eq!((count(&answers, 401), count(&answers, 429)), (10, 45));
    assert_eq!(hasher.computed(), before + 10, "a refused guess is not evaluated");
    for refused in answers.iter().filter(|answer| answer.status == 429) {
        assert_eq!(refused.code(), "LOCKED_OUT");
        assert_eq!(refused.header("retry-after"), Some("60"), "{refused:?}");
    }
    // Another address of the same network, and the right password.
    login(&client, "198.51.100.67", &ann.email, &ann.password)
        .await
        .expect_error(429, "LOCKED_OUT");
    let [event] = &events(app, "locked_out").await[..] else {
        panic!("one event for one lock")
    };
    assert_eq!(event["userId"], json!(ann.id));
    assert_eq!(event["ip"], "198.51.100.0/24");
    assert_eq!(event["operation"], "account.login");
}

async fn trap_21_tries_count_over_nodes_and_restarts(app: &TestApp) {
    let ann = app.customer("ann").await;
    let other = app.another_node().await;
    let clients = [app.client(), other.client()];
    let guesses = (0..30).map(|number| {
        let client = &clients[number % 2];
        login(client, "198.51.100.66", &ann.email, "a guess")
    });
    let answers = join_all(guesses).await;
    assert_eq!((count(&answers, 401), count(&answers, 429)), (10, 20));
    other.stop().await;
    let restarted = app.another_node().await;
    login(&restarted.client(), "198.51.100.66", &ann.email, &ann.password)
        .await
        .expect_error(429, "LOCKED_OUT");
    restarted.stop().await;
}

async fn trap_11_guesses_from_many_networks_lock_no_owner_out(app: &TestApp) {
    let (ann, client) = (app.customer("ann").await, app.client());
    let at_home = "203.0.113.5";
    let browser = client.header("user-agent", "Ann's browser");
    login(&browser, at_home, &ann.email, &ann.password)
        .await
        .expect(200);
    let emails = [ann.email.as_str(), "unknown@example.com"];
    for number in 0..200 {
        let ip = format!("10.0.{}.{number}", number / 10);
        login(&client, &ip, emails[number % 2], "a guess")
            .await
            .expect(401);
    }
    // A hundred consecutive failures each. The answer is the same for an address without an account.
    for email in emails {
        let refused = login(&client, "10.1.0.1", email, &ann.password).await;
        let refused = refused.expect_error(429, "LOCKED_OUT");
        assert_eq!(
            refused.header("retry-after"),
            Some("2592000"),
            "30 days: {refused:?}"
        );
    }
    // Neither the network alone nor the name of the software makes a device known.
    for (client, ip) in [(&client, at_home), (&browser, "10.1.0.2")] {
        login(client, ip, &ann.email, &ann.password)
            .await
            .expect_error(429, "LOCKED_OUT");
    }
    let named: Vec<Value> = events(app, "locked_out").await;
    let accounts: Vec<&Value> = named.iter().map(|event| &event["userId"]).collect();
    assert!(
        accounts.contains(&&json!(ann.id)) && accounts.len() == 2,
        "one event for each lock: {named:?}"
    );
    // The owner's device is not locked out, also while its wrong passwords are counted.
    login(&browser, at_home, &ann.email, "mistyped").await.expect(401);
    login(&browser, at_home, &ann.email, &ann.password)
        .await
        .expect(200);
    // That sign-in ended the run of failures.
    login(&client, "10.1.0.1", &ann.email, "a guess")
        .await
        .expect(401);
    // What is exempt from the limit of the account is not exempt from that of its network.
    for _ in 0..10 {
        login(&browser, at_home, &ann.email, "a guess").await.expect(401);
    }
    login(&browser, at_home, &ann.email, &ann.password)
        .await
        .expect_error(429, "LOCKED_OUT");
}

async fn trap_11_a_stranger_in_the_same_network_locks_no_known_browser_out(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let (at_home, neighbour) = ("2001:db8:0:7::5", "2001:db8:0:7:ffff::66");
    let client = app.client().header("user-agent", "a common browser");
    let anns = known_browser(&client, at_home, &ann).await;
    let bobs = known_browser(&client, neighbour, &bob).await;
    // The neighbour's own browser is known to the neighbour's account only, and a made-up cookie to none.
    let made_up = client.header("cookie", "device=AAAA");
    for guesses in 0..10 {
        let stranger = [&client, &bobs, &made_up][guesses % 3];
        login(stranger, neighbour, &ann.email, "a guess")
            .await
            .expect(401);
    }
    for stranger in [&client, &bobs, &made_up] {
        login(stranger, neighbour, &ann.email, &ann.password)
            .await
            .expect_error(429, "LOCKED_OUT");
    }
    login(&anns, at_home, &ann.email, "mistyped").await.expect(401);
    login(&anns, at_home, &ann.email, &ann.password).await.expect(200);
    // That ended no run of failures but its own and that of the account.
    login(&client, neighbour, &ann.email, "a guess")
        .await
        .expect_error(429, "LOCKED_OUT");
    // The known browser has tries of its own only, wherever it is.
    for number in 0..10 {
        let ip = [at_home, "203.0.113.5"][number % 2];
        login(&anns, ip, &ann.email, "a guess").await.expect(401);
    }
    for ip in [at_home, "203.0.113.5"] {
        login(&anns, ip, &ann.email, &ann.password)
            .await
            .expect_error(429, "LOCKED_OUT");
    }
}

async fn guesses_at_many_accounts_are_counted_for_their_network(app: &TestApp) {
    let (ann, client) = (app.customer("ann").await, app.client());
    let browser = client.header("user-agent", "Ann's browser");
    login(&browser, "198.51.100.1", &ann.email, &ann.password)
        .await
        .expect(200);
    for number in 0..100 {
        let (ip, email) = (
            format!("198.51.100.{}", number % 10),
            format!("user{number}@example.com"),
        );
        login(&client, &ip, &email, "Summer2026!").await.expect(401);
    }
    login(&client, "198.51.100.200", "new@example.com", "Summer2026!")
        .await
        .expect_error(429, "LOCKED_OUT");
    // Another network, and a known device of the account in this one.
    login(&client, "203.0.113.5", &ann.email, &ann.password)
        .await
        .expect(200);
    login(&browser, "198.51.100.1", &ann.email, &ann.password)
        .await
        .expect(200);
    // A sign-in to an account of the attacker's own does not reset the count.
    login(&client, "198.51.100.200", "new@example.com", "Summer2026!")
        .await
        .expect_error(429, "LOCKED_OUT");
    assert_eq!(events(app, "locked_out").await.len(), 1);
}

async fn waiting_times_grow_and_a_sign_in_ends_them(app: &TestApp) {
    let (ann, client, ip) = (app.customer("ann").await, app.client(), "198.51.100.66");
    for _ in 0..10 {
        login(&client, ip, &ann.email, "a guess").await.expect(401);
    }
    for wait in [1, 2, 4] {
        let refused = login(&client, ip, &ann.email, "a guess").await;
        let seconds = (wait * 60).to_string();
        assert_eq!(
            refused.expect_error(429, "LOCKED_OUT").header("retry-after"),
            Some(&*seconds)
        );
        app.advance(wait * MINUTE);
        login(&client, ip, &ann.email, "a guess").await.expect(401);
    }
    app.advance(8 * MINUTE);
    login(&client, ip, &ann.email, &ann.password).await.expect(200);
    for _ in 0..10 {
        login(&client, ip, &ann.email, "a guess").await.expect(401);
    }
    // Counts that mean nothing any more are removed.
    app.advance(91 * 24 * HOUR);
    app.engine().sweeper().prune().await.unwrap();
    let left = app.query_raw("SELECT CAST(count(*) AS TEXT) FROM tries").await;
    assert_eq!(left[0][0].as_deref(), Some("0"));
}

async fn an_owner_who_signs_in_many_times_at_once_is_served(app: &TestApp) {
    let (ann, client) = (app.customer("ann").await, app.client());
    let sign_ins = (0..40).map(|_| login(&client, "203.0.113.5", &ann.email, &ann.password));
    let answers = join_all(sign_ins).await;
    assert_eq!(count(&answers, 200), 40, "{answers:?}");
}

async fn a_stolen_session_does_not_serve_to_guess_the_password(app: &TestApp) {
    let ann = app.customer("ann").await;
    let path = "/api/auth/password/change";
    let body = |current: &str| json!({"currentPassword": current, "newPassword": "walks in the rain"});
    for _ in 0..10 {
        ann.post(path, body("a guess"))
            .await
            .expect_error(401, "INVALID_CREDENTIALS");
    }
    app.advance(6 * SECOND);
    ann.post(path, body(&ann.password))
        .await
        .expect_error(429, "LOCKED_OUT");
    // The sign-in has tries of its own.
    app.sign_in(&ann.email, &ann.password).await;
    app.advance(MINUTE);
    ann.post(path, body(&ann.password)).await.expect(204);
    app.run_jobs().await;
}

async fn failed_and_successful_sign_ins_name_the_account(app: &TestApp) {
    let (ann, client) = (app.customer("ann").await, app.client());
    let ip = "127.0.0.1";
    login(&client, ip, &ann.email, "a guess").await.expect(401);
    login(&client, ip, "unknown@example.com", "a guess")
        .await
        .expect(401);
    let failed = events(app, "login_failed").await;
    let users: Vec<&Value> = failed.iter().map(|event| &event["userId"]).collect();
    assert!(
        users.contains(&&json!(ann.id)) && users.contains(&&Value::Null) && users.len() == 2,
        "{failed:?}"
    );
    login(&client, ip, &ann.email, &ann.password).await.expect(200);
    let admin = app.admin().await;
    let path = format!("/api/audit?action=LOGIN&userId={}", ann.id);
    let entries = admin.get(&path).await.expect(200).list();
    assert_eq!(
        entries.len(),
        2,
        "the registration opened a session, too: {entries:?}"
    );
    for entry in entries {
        assert_eq!(
            (&entry["actor"], &entry["resource"]),
            (&json!("user"), &json!("session"))
        );
    }
}

async fn without_limits_no_try_is_counted(app: &TestApp) {
    let (ann, client) = (app.customer("ann").await, app.client());
    for _ in 0..20 {
        login(&client, "127.0.0.1", &ann.email, "a guess")
            .await
            .expect(401);
    }
    login(&client, "127.0.0.1", &ann.email, &ann.password)
        .await
        .expect(200);
    let counted = app.query_raw("SELECT CAST(count(*) AS TEXT) FROM tries").await;
    assert_eq!(counted[0][0].as_deref(), Some("0"));
}
