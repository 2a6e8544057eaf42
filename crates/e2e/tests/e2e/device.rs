//! Devices: the first sign-in from one is noticed, and browsers are recognised by a cookie.

use crate::MINUTE;
use mainstay_testkit::{Answer, Client, TestApp, TestUser, on_both_engines};
use serde_json::json;

on_both_engines! {
    the_first_sign_in_from_a_device_is_a_security_event with TRUSTED_PROXIES = "127.0.0.1/32";
    a_browser_is_recognised_by_its_cookie_wherever_it_is with TRUSTED_PROXIES = "127.0.0.1/32";
    a_cookie_that_mainstay_did_not_issue_recognises_nothing with TRUSTED_PROXIES = "127.0.0.1/32";
    concurrent_sign_ins_from_one_new_device_add_it_once;
    cookies_of_encrypted_connections_have_prefixes_and_no_others_count with PUBLIC_URL = "https://shop.example";
    trap_15_a_planted_cookie_is_not_taken_for_the_real_one;
}

const LOGIN: &str = "/api/auth/login";
const ME: &str = "/api/users/me";

/// A client of this network and software.
fn client(app: &TestApp, ip: &str, agent: &str) -> Client {
    app.client()
        .header("x-forwarded-for", ip)
        .header("user-agent", agent)
}

async fn sign_in(client: &Client, user: &TestUser) -> Answer {
    let body = json!({"email": user.email, "password": user.password, "transport": "cookie"});
    client.post(LOGIN, body).await.expect(200)
}

/// The value of a cookie that an answer sets.
fn cookie(answer: &Answer, name: &str) -> String {
    let found = answer.all("set-cookie").into_iter().find_map(|line| {
        let pair = line.split(';').next()?;
        pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned)
    });
    found.unwrap_or_else(|| panic!("no cookie {name}: {answer:?}"))
}

/// The accounts of the security events of a kind.
async fn suspects(app: &TestApp, kind: &str) -> Vec<String> {
    app.engine().security().flush().await.unwrap();
    let events = app
        .admin()
        .await
        .get("/api/security-events?limit=100")
        .await
        .expect(200)
        .list();
    let found = events.iter().filter(|event| event["type"] == kind);
    found
        .map(|event| event["userId"].as_str().unwrap_or_default().to_owned())
        .collect()
}

async fn the_first_sign_in_from_a_device_is_a_security_event(app: &TestApp) {
    let home = client(app, "198.51.100.7", "curl/8.5.0");
    let body = json!({"email": "ann@example.com", "password": "a long walk home", "name": "Ann"});
    let ann = TestUser::of(
        &home.post("/api/auth/register", body).await.expect(201),
        &home,
        "a long walk home",
    );
    let events = async || {
        suspects(app, "new_device")
            .await
            .into_iter()
            .filter(|id| *id == ann.id)
            .count()
    };
    sign_in(&home, &ann).await;
    sign_in(&client(app, "198.51.100.200", "curl/8.5.0"), &ann).await;
    assert_eq!(events().await, 0, "the device that registered, and its network");
    app.advance(MINUTE);
    sign_in(&client(app, "203.0.113.7", "curl/8.5.0"), &ann).await;
    assert_eq!(events().await, 1, "another network");
    app.run_jobs().await;
    let mails = app.mailbox.messages();
    let mail = mails.last().unwrap();
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        ("ann@example.com", "A new device signed in to your account")
    );
    assert!(
        mail.text.contains("203.0.113.7") && mail.text.contains("curl/8.5.0"),
        "{}",
        mail.text
    );
    app.advance(MINUTE);
    sign_in(&client(app, "198.51.100.7", "wget/1"), &ann).await;
    assert_eq!(events().await, 2, "other software");
    app.advance(MINUTE);
    for (ip, agent) in [("203.0.113.7", "curl/8.5.0"), ("198.51.100.7", "wget/1")] {
        sign_in(&client(app, ip, agent), &ann).await;
    }
    assert_eq!(events().await, 2, "both are known now");
    // A device that another account signed in from is new to this one.
    let bob = app.customer("bob").await;
    sign_in(&client(app, "203.0.113.7", "curl/8.5.0"), &bob).await;
    assert_eq!(
        suspects(app, "new_device")
            .await
            .iter()
            .filter(|id| **id == bob.id)
            .count(),
        1
    );
}

async fn a_browser_is_recognised_by_its_cookie_wherever_it_is(app: &TestApp) {
    let ann = app.customer("ann").await;
    let first = sign_in(&client(app, "198.51.100.7", "Firefox/1"), &ann).await;
    let token = cookie(&first, "device");
    let line = first
        .all("set-cookie")
        .into_iter()
        .find(|line| line.starts_with("device="))
        .unwrap()
        .to_owned();
    assert!(
        line.contains("HttpOnly") && line.contains("SameSite=Lax") && line.contains("Path=/api/auth"),
        "{line}"
    );
    let before = suspects(app, "new_device").await.len();
    app.advance(MINUTE);
    // Another network and another version, with the cookie.
    let travelling = client(app, "203.0.113.7", "Firefox/2").header("cookie", &format!("device={token}"));
    let again = sign_in(&travelling, &ann).await;
    assert_eq!(cookie(&again, "device"), token, "it stays the same device");
    assert_eq!(suspects(app, "new_device").await.len(), before);
    // Signing out does not forget the browser, and another account that uses it keeps the same cookie.
    let bob = app.customer("bob").await;
    assert_eq!(cookie(&sign_in(&travelling, &bob).await, "device"), token);
    // The master key of another process opens it too.
    let other = app
        .another_node_with(&[("TRUSTED_PROXIES", "127.0.0.1/32")])
        .await;
    let there = other
        .client()
        .header("x-forwarded-for", "192.0.2.9")
        .header("cookie", &format!("device={token}"));
    assert_eq!(cookie(&sign_in(&there, &ann).await, "device"), token);
    other.stop().await;
}

async fn a_cookie_that_mainstay_did_not_issue_recognises_nothing(app: &TestApp) {
    let ann = app.customer("ann").await;
    let token = cookie(&sign_in(&app.client(), &ann).await, "device");
    let raw = mainstay_platform::crypto::from_base64url(token.strip_prefix("mdv_").unwrap()).unwrap();
    let forge = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = raw.clone();
        change(&mut bytes);
        format!("mdv_{}", mainstay_platform::crypto::base64url(&bytes))
    };
    let forged = [
        forge(&|bytes| bytes[0] ^= 1),
        forge(&|bytes| bytes[47] ^= 1),
        forge(&|bytes| bytes[16..].fill(0)),
        "mdv_".to_owned(),
        "x".repeat(3000),
    ];
    for (number, token) in forged.iter().enumerate() {
        app.advance(MINUTE);
        let elsewhere = client(app, &format!("203.0.{number}.7"), "curl");
        sign_in(&elsewhere.header("cookie", &format!("device={token}")), &ann).await;
        assert_eq!(suspects(app, "new_device").await.len(), number + 1, "{token}");
    }
    assert!(
        !app.request_lines()
            .iter()
            .any(|line| line.to_string().contains("mdv_"))
    );
}

async fn concurrent_sign_ins_from_one_new_device_add_it_once(app: &TestApp) {
    let ann = app.customer("ann").await;
    let token = cookie(&sign_in(&app.client(), &ann).await, "device");
    let bob = app.customer("bob").await;
    let browser = app
        .client()
        .header("user-agent", "new")
        .header("cookie", &format!("device={token}"));
    let all = (0..6).map(|_| sign_in(&browser, &bob));
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(cookie(&answer, "device"), token);
    }
    let rows = app.query_raw("SELECT CAST(count(*) AS TEXT) FROM devices").await;
    // Ann's program and browser are one device (same network and software), and so are Bob's but for the new one.
    assert_eq!(rows, [[Some("3".to_owned())]]);
}

async fn cookies_of_encrypted_connections_have_prefixes_and_no_others_count(app: &TestApp) {
    let ann = app.customer("ann").await;
    let answer = sign_in(&app.client(), &ann).await;
    let (access, refresh) = (
        cookie(&answer, "__Host-accessToken"),
        cookie(&answer, "__Secure-refreshToken"),
    );
    for line in answer.all("set-cookie") {
        assert!(
            line.contains("; Secure") && line.contains("; HttpOnly") && !line.contains("Domain"),
            "{line}"
        );
        let path = if line.starts_with("__Host-") {
            "; Path=/;"
        } else {
            "; Path=/api/auth;"
        };
        assert!(line.contains(path), "{line}");
    }
    let with = |cookies: String| app.client().header("cookie", &cookies);
    with(format!("__Host-accessToken={access}"))
        .get(ME)
        .await
        .expect(200);
    with(format!("__Host-accessToken={access}; accessToken=planted"))
        .get(ME)
        .await
        .expect(200);
    for other in ["accessToken", "__Secure-accessToken", "__host-accesstoken"] {
        with(format!("{other}={access}"))
            .get(ME)
            .await
            .expect_error(401, "UNAUTHORIZED");
    }
    for path in ["/api/auth/refresh", "/api/auth/logout"] {
        with(format!("refreshToken={refresh}"))
            .post_nothing(path)
            .await
            .expect_error(401, "UNAUTHORIZED");
    }
    let renewed = with(format!("__Secure-refreshToken={refresh}"))
        .post_nothing("/api/auth/refresh")
        .await
        .expect(200);
    let refresh = cookie(&renewed, "__Secure-refreshToken");
    with(format!("__Secure-refreshToken={refresh}"))
        .post_nothing("/api/auth/logout")
        .await
        .expect(204);
}

async fn trap_15_a_planted_cookie_is_not_taken_for_the_real_one(app: &TestApp) {
    let (ann, mal) = (app.customer("ann").await, app.customer("mal").await);
    let tokens = async |user: &TestUser| {
        let answer = sign_in(&app.client(), user).await;
        (cookie(&answer, "accessToken"), cookie(&answer, "refreshToken"))
    };
    let (own, planted) = (tokens(&ann).await, tokens(&mal).await);
    for pairs in [[&own, &planted], [&planted, &own]] {
        let [(first, first_refresh), (second, second_refresh)] = pairs;
        let browser = app
            .client()
            .header("cookie", &format!("accessToken={first}; accessToken={second}"));
        browser.get(ME).await.expect_error(401, "UNAUTHORIZED");
        let renew = format!("refreshToken={first_refresh}; refreshToken={second_refresh}");
        let browser = app.client().header("cookie", &renew);
        for path in ["/api/auth/refresh", "/api/auth/logout"] {
            browser.post_nothing(path).await.expect_error(401, "UNAUTHORIZED");
        }
    }
    app.client().bearer(&ann.access).get(ME).await.expect(200);
}
