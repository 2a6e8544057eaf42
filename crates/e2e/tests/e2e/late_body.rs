//! Requests whose body arrives after their head: the caller's access is checked again once the body is complete.

use crate::{HOUR, MINUTE};
use mainstay_testkit::{TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

on_both_engines! {
    trap_03_a_demotion_is_felt_while_the_body_comes;
    trap_03_a_disabled_account_is_shut_out_while_the_body_comes;
    trap_03_a_sign_out_is_felt_while_the_body_comes;
    trap_03_a_permission_ends_while_the_body_comes;
    a_token_ends_while_the_body_comes;
    what_changed_for_others_does_not_matter;
}

/// A request whose head the server has read.
struct UnfinishedRequest {
    stream: TcpStream,
    body: String,
}

impl UnfinishedRequest {
    /// Sends the head, and waits until the server requests the body: by then it has authenticated the caller.
    async fn post(app: &TestApp, person: &TestUser, path: &str, body: &Value) -> Self {
        let address = app.node().url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let body = body.to_string();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            person.access,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut response = [0; 25];
        stream.read_exact(&mut response).await.unwrap();
        assert_eq!(&response, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self { stream, body }
    }

    /// Sends the body, and returns the status and the code of the answer.
    async fn finish(mut self) -> (u16, String) {
        self.stream.write_all(self.body.as_bytes()).await.unwrap();
        let mut response = String::new();
        self.stream.read_to_string(&mut response).await.unwrap();
        let status = response.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = response.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let code = body["error"]["code"].as_str().unwrap_or_default().to_owned();
        (status.unwrap_or_else(|| panic!("{response}")), code)
    }
}

fn product(sku: &str) -> Value {
    json!({"sku": sku, "name": "Late", "price": {"amount": 1, "currency": "USD"}})
}

async fn begin(app: &TestApp, person: &TestUser) -> UnfinishedRequest {
    UnfinishedRequest::post(app, person, "/api/products", &product("LATE")).await
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

async fn trap_03_a_demotion_is_felt_while_the_body_comes(app: &TestApp) {
    let (mia, admin) = (app.member("mia", "manager").await, app.admin().await);
    let begun = begin(app, &mia).await;
    admin
        .put(
            &format!("/api/users/{}/role", mia.id),
            json!({"role": "customer"}),
        )
        .await
        .expect(200);
    assert_eq!(begun.finish().await, refused(403, "FORBIDDEN"));
    assert!(app.client().get("/api/products").await.list().is_empty());
}

async fn trap_03_a_disabled_account_is_shut_out_while_the_body_comes(app: &TestApp) {
    let (mia, admin) = (app.member("mia", "manager").await, app.admin().await);
    let begun = begin(app, &mia).await;
    admin
        .patch(&format!("/api/users/{}", mia.id), json!({"status": "disabled"}))
        .await
        .expect(200);
    assert_eq!(begun.finish().await, refused(403, "ACCOUNT_DISABLED"));
}

async fn trap_03_a_sign_out_is_felt_while_the_body_comes(app: &TestApp) {
    let mia = app.member("mia", "manager").await;
    let begun = begin(app, &mia).await;
    mia.post_nothing("/api/auth/logout").await.expect(204);
    assert_eq!(begun.finish().await, refused(401, "TOKEN_REVOKED"));
}

async fn trap_03_a_permission_ends_while_the_body_comes(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    admin
        .post(
            &format!("/api/users/{}/permissions", ann.id),
            json!({"permission": "create:product", "expiresIn": 60}),
        )
        .await
        .expect(201);
    let begun = begin(app, &ann).await;
    app.advance(MINUTE);
    assert_eq!(begun.finish().await, refused(403, "FORBIDDEN"));
}

async fn a_token_ends_while_the_body_comes(app: &TestApp) {
    let mia = app.member("mia", "manager").await;
    let begun = begin(app, &mia).await;
    app.advance(HOUR);
    assert_eq!(begun.finish().await, refused(401, "TOKEN_EXPIRED"));
}

async fn what_changed_for_others_does_not_matter(app: &TestApp) {
    let (mia, bob) = (app.member("mia", "manager").await, app.customer("bob").await);
    let begun = begin(app, &mia).await;
    bob.post_nothing("/api/auth/logout").await.expect(204);
    app.advance(MINUTE);
    assert_eq!(begun.finish().await.0, 201);
    // A public use case runs anonymously when the caller's session has ended.
    let begun = UnfinishedRequest::post(
        app,
        &mia,
        "/api/auth/refresh",
        &json!({"refreshToken": mia.refresh}),
    )
    .await;
    mia.post_nothing("/api/auth/logout").await.expect(204);
    assert_eq!(begun.finish().await, refused(401, "TOKEN_REVOKED"));
}
