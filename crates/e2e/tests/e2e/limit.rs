//! Rate limits.

use crate::{MINUTE, SECOND};
use mainstay_testkit::{Answer, Client, TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    limits_are_reported_and_enforced with RATE_LIMITS = "on";
    trap_14_headers_and_connections_reset_no_limit with RATE_LIMITS = "on";
    trap_14_one_network_is_one_caller with RATE_LIMITS = "on", TRUSTED_PROXIES = "127.0.0.0/8";
    trap_11_guessing_is_slow_and_locks_no_other_client_out with RATE_LIMITS = "on", TRUSTED_PROXIES = "127.0.0.0/8";
    health_is_never_limited with RATE_LIMITS = "on";
    signed_in_clients_are_counted_by_account with RATE_LIMITS = "on";
    what_no_use_case_counts_is_counted_by_address with RATE_LIMITS = "on";
    without_limits_nothing_is_counted_by_address;
}

const REGISTER: &str = "/api/auth/register";

/// Registrations allowed per minute from one address.
const ACCOUNTS: usize = 20;

async fn limits_are_reported_and_enforced(app: &TestApp) {
    let client = app.client();
    let body = |name: &str| json!({"email": format!("{name}@example.com"), "password": "walks in the rain", "name": name});
    for left in (0..ACCOUNTS).rev() {
        let answer = client.post(REGISTER, body(&format!("a{left}"))).await.expect(201);
        assert_eq!(
            answer.header("ratelimit-policy"),
            Some("\"account.register\";q=20;w=60")
        );
        let header = answer.header("ratelimit").unwrap().to_owned();
        assert!(
            header.starts_with(&format!("\"account.register\";r={left};t=")),
            "{header}"
        );
    }
    let refused = client
        .post(REGISTER, body("late"))
        .await
        .expect_error(429, "RATE_LIMITED");
    assert_eq!(refused.header("retry-after"), Some("3"));
    assert!(
        refused.header("ratelimit").unwrap().contains(";r=0;"),
        "{refused:?}"
    );
    app.advance(2 * SECOND);
    client
        .post(REGISTER, body("late"))
        .await
        .expect_error(429, "RATE_LIMITED");
    app.advance(SECOND);
    client.post(REGISTER, body("late")).await.expect(201);
    client
        .post(REGISTER, body("later"))
        .await
        .expect_error(429, "RATE_LIMITED");
    app.advance(MINUTE);
    let answer = client.post(REGISTER, body("later")).await.expect(201);
    assert!(
        answer.header("ratelimit").unwrap().contains(";r=19;"),
        "{answer:?}"
    );
    client.get("/api/products").await.expect(200);
}

async fn trap_14_headers_and_connections_reset_no_limit(app: &TestApp) {
    let body = |number: usize| json!({"email": format!("a{number}@example.com"), "password": "walks in the rain", "name": "A"});
    for number in 0..ACCOUNTS {
        app.node()
            .fresh_client()
            .post(REGISTER, body(number))
            .await
            .expect(201);
    }
    let tricks = [
        ("X-FORWARDED-FOR", "198.51.100.7"),
        ("x-real-ip", "198.51.100.7"),
        ("forwarded", "for=198.51.100.7"),
        ("user-agent", "another"),
        ("x-request-id", "another"),
        ("authorization", "Bearer rubbish"),
        ("cookie", "accessToken=rubbish"),
    ];
    for (name, value) in tricks {
        let answer = app
            .node()
            .fresh_client()
            .header(name, value)
            .post(REGISTER, body(99))
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (429, "RATE_LIMITED"),
            "{name}"
        );
    }
    app.client()
        .post(&format!("{REGISTER}?x=1"), body(99))
        .await
        .expect_error(429, "RATE_LIMITED");
}

async fn trap_14_one_network_is_one_caller(app: &TestApp) {
    let register_from = async |ip: &str, number: usize| {
        let body =
            json!({"email": format!("a{number}@example.com"), "password": "walks in the rain", "name": "A"});
        app.client()
            .header("x-forwarded-for", ip)
            .post(REGISTER, body)
            .await
            .status
    };
    for number in 0..ACCOUNTS {
        assert_eq!(
            register_from(&format!("2001:db8:0:1::{number:x}"), number).await,
            201
        );
    }
    assert_eq!(
        register_from("2001:db8:0:1:ffff::1", 90).await,
        429,
        "another address of the same /64"
    );
    assert_eq!(register_from("2001:db8:0:2::1", 91).await, 201);
    assert_eq!(register_from("198.51.100.7", 92).await, 201);
    assert_eq!(
        register_from("::ffff:198.51.100.7", 93).await,
        201,
        "the same address in another spelling counts on"
    );
}

async fn trap_11_guessing_is_slow_and_locks_no_other_client_out(app: &TestApp) {
    let ann = app.customer("ann").await;
    let try_in = async |ip: &str, email: &str, password: &str| {
        let client = app.client().header("x-forwarded-for", ip);
        client
            .post("/api/auth/login", json!({"email": email, "password": password}))
            .await
    };
    for _ in 0..10 {
        try_in("198.51.100.66", &ann.email, "a guess")
            .await
            .expect_error(401, "INVALID_CREDENTIALS");
    }
    let held = try_in("198.51.100.66", &ann.email, "a guess").await;
    let held = held.expect_error(429, "LOCKED_OUT");
    assert_eq!(held.header("retry-after"), Some("60"));
    // Also with the right password: the answer does not reveal whether it was right.
    try_in("198.51.100.66", &ann.email, &ann.password)
        .await
        .expect_error(429, "LOCKED_OUT");
    // An address without an account is limited in the same way.
    for _ in 0..10 {
        try_in("198.51.100.66", "unknown@example.com", "a guess")
            .await
            .expect_error(401, "INVALID_CREDENTIALS");
    }
    let unknown = try_in("198.51.100.66", "unknown@example.com", "a guess").await;
    assert_eq!((unknown.status, unknown.code()), (held.status, held.code()));
    // The owner signs in as usual from another network.
    try_in("203.0.113.5", &ann.email, &ann.password).await.expect(200);
    app.advance(15 * MINUTE);
    try_in("198.51.100.66", &ann.email, &ann.password)
        .await
        .expect(200);
}

async fn health_is_never_limited(app: &TestApp) {
    for _ in 0..200 {
        let answer = app.client().get("/health/live").await.expect(200);
        assert_eq!(answer.header("ratelimit"), None);
    }
}

async fn signed_in_clients_are_counted_by_account(app: &TestApp) {
    let (ann, bob, product) = (
        app.customer("ann").await,
        app.customer("bob").await,
        app.product(5, 100).await,
    );
    let path = crate::order_cancel_expire::place(&ann, &product, 1).await;
    let pay = format!("{path}/pay");
    let other = app.sign_in(&ann.email, &ann.password).await;
    for number in 0..120 {
        let client = if number % 2 == 0 { &ann } else { &other };
        client.post_nothing(&pay).await.expect(202);
    }
    ann.post_nothing(&pay).await.expect_error(429, "RATE_LIMITED");
    other.post_nothing(&pay).await.expect_error(429, "RATE_LIMITED");
    bob.post_nothing(&pay).await.expect_error(404, "NOT_FOUND");
    app.run_jobs().await;
}

/// Fails in a way that counts against no use case.
async fn fail(client: &Client, n: usize) -> Answer {
    let junk = || Some(("application/json", b"{".to_vec()));
    match n % 5 {
        0 => client.get("/nowhere").await,
        1 => client.request("POST", "/nowhere", junk()).await,
        2 => client.get("/api/users/me").await,
        3 => client.delete("/api/products").await,
        _ => client.get("/.well-known/jwks.json").await,
    }
}

async fn what_no_use_case_counts_is_counted_by_address(app: &TestApp) {
    let (client, ann) = (app.client(), app.customer("ann").await);
    let first = fail(&client, 0).await.expect(404);
    assert_eq!(first.header("ratelimit-policy"), Some("\"address\";q=1000;w=60"));
    assert_eq!(first.header("ratelimit"), Some("\"address\";r=999;t=1"));
    // A request for a use case counts against its limit even when its body cannot be read.
    let junk = Some(("application/json", b"{".to_vec()));
    let login = client.request("POST", "/api/auth/login", junk).await.expect(400);
    assert_eq!(
        login.header("ratelimit-policy"),
        Some("\"account.login\";q=60;w=60")
    );
    for n in 1..1000 {
        assert_ne!(fail(&client, n).await.status, 429, "{n}");
        if n % 200 == 0 {
            // Calls of a use case count against its own limit only.
            let products = client.get("/api/products").await.expect(200);
            assert!(
                products
                    .header("ratelimit")
                    .unwrap()
                    .starts_with("\"product.list\"")
            );
        }
    }
    for n in 0..6 {
        let refused = fail(&client, n).await.expect_error(429, "RATE_LIMITED");
        assert_eq!(refused.header("retry-after"), Some("1"), "{refused:?}");
        assert_eq!(refused.header("ratelimit"), Some("\"address\";r=0;t=60"));
    }
    ann.get("/api/users/me").await.expect_error(429, "RATE_LIMITED");
    for path in ["/health", "/health/live", "/health/ready"] {
        let health = client.get(path).await.expect(200);
        assert_eq!(health.header("ratelimit"), None);
    }
    app.advance(SECOND);
    ann.get("/api/users/me").await.expect(200);
    fail(&client, 0).await.expect(404);
}

async fn without_limits_nothing_is_counted_by_address(app: &TestApp) {
    for n in 0..5 {
        assert_eq!(fail(&app.client(), n).await.header("ratelimit"), None);
    }
}
