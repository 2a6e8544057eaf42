//! How the right to a connection ends: with its session, its account, its token or a permission.

use crate::order_cancel_expire::place;
use crate::{MINUTE, SECOND};
use mainstay_testkit::{Socket, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    after_a_sign_out_no_frame_follows_the_close;
    a_disabled_account_loses_its_connections;
    a_session_that_ends_on_another_node_ends_here;
    an_expired_token_ends_the_connection;
    a_fresh_token_extends_the_connection with ACCESS_TTL = "15m";
    a_token_of_another_account_extends_nothing;
    a_permission_that_ends_ends_the_subscription;
    a_role_that_changes_ends_the_subscription;
    a_revoked_api_key_ends_the_connection;
    a_stop_closes_connections_and_lets_clients_go;
}

/// A socket that is subscribed to products and to the user's own changes.
async fn subscribed(app: &TestApp, user: &TestUser) -> Socket {
    let mut socket = user.socket(app.node()).await;
    socket.subscribe("products").await;
    socket.subscribe(&format!("user:{}", user.id)).await;
    socket
}

async fn after_a_sign_out_no_frame_follows_the_close(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let product = app.product(0, 100).await;
    app.run_jobs().await;
    let mut socket = subscribed(app, &ann).await;
    ann.post_nothing("/api/auth/logout").await.expect(204);
    let stock = json!({"delta": 1, "reason": "delivery"});
    let path = format!("{}/stock", product.path);
    admin.post(&path, stock).await.expect(200);
    app.run_jobs().await;
    assert_eq!(socket.closed().await, (1008, "TOKEN_REVOKED".to_owned()));
    let (status, _) = app
        .node()
        .handshake(&[("authorization", &format!("Bearer {}", ann.access))])
        .await;
    assert_eq!(status, 101, "the reason is in the close");
}

async fn a_disabled_account_loses_its_connections(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let mut socket = subscribed(app, &ann).await;
    let disabled = json!({"status": "disabled"});
    let path = format!("/api/users/{}", ann.id);
    admin.patch(&path, disabled).await.expect(200);
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 1008);
    assert!(
        ["ACCOUNT_DISABLED", "TOKEN_REVOKED"].contains(&&*reason),
        "{reason}"
    );
    app.run_jobs().await;
}

async fn a_session_that_ends_on_another_node_ends_here(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut socket = subscribed(app, &ann).await;
    let other = app.another_node().await;
    other
        .client()
        .bearer(&ann.access)
        .post_nothing("/api/auth/logout")
        .await
        .expect(204);
    app.engine().access().sync().await.unwrap();
    assert_eq!(socket.closed().await, (1008, "TOKEN_REVOKED".to_owned()));
    other.stop().await;
}

async fn an_expired_token_ends_the_connection(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut socket = subscribed(app, &ann).await;
    app.advance(16 * MINUTE);
    assert_eq!(socket.closed().await, (1008, "TOKEN_EXPIRED".to_owned()));
}

async fn a_fresh_token_extends_the_connection(app: &TestApp) {
    let ann = app.customer("ann").await;
    app.run_jobs().await;
    let mut socket = subscribed(app, &ann).await;
    app.advance(14 * MINUTE);
    let fresh = ann.refreshed().await;
    socket
        .send(json!({"type": "authenticate", "token": fresh.access, "id": 5}))
        .await;
    assert_eq!(socket.expect("authenticated").await["id"], 5);
    app.advance(10 * MINUTE);
    let name = json!({"name": "Another"});
    fresh.patch("/api/users/me", name).await.expect(200);
    app.run_jobs().await;
    let message = socket.expect("message").await;
    assert_eq!(message["payload"]["kind"], "user.updated");
    app.advance(6 * MINUTE);
    assert_eq!(socket.closed().await.0, 1008);
}

async fn a_token_of_another_account_extends_nothing(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    for (token, reason) in [
        (&*bob.access, "FORBIDDEN"),
        ("x", "TOKEN_INVALID"),
        (&ann.refresh, "TOKEN_INVALID"),
    ] {
        let mut socket = subscribed(app, &ann).await;
        socket.send(json!({"type": "authenticate", "token": token})).await;
        assert_eq!(socket.closed().await, (1008, reason.to_owned()));
    }
}

async fn a_permission_that_ends_ends_the_subscription(app: &TestApp) {
    let (ann, bob, admin) = (
        app.customer("ann").await,
        app.customer("bob").await,
        app.admin().await,
    );
    let path = place(&ann, &app.product(5, 100).await, 1).await;
    let channel = format!("orders:{}", path.rsplit('/').next().unwrap());
    let permissions = format!("/api/users/{}/permissions", bob.id);
    for ends_by_itself in [true, false] {
        let grant = json!({"permission": "read:order", "expiresIn": 60});
        admin.post(&permissions, grant).await.expect(201);
        let mut socket = bob.socket(app.node()).await;
        socket.subscribe("products").await;
        socket.subscribe(&channel).await;
        if ends_by_itself {
            app.advance(MINUTE);
        } else {
            admin
                .delete(&format!("{permissions}/read:order"))
                .await
                .expect(204);
        }
        let ended = socket.expect("unsubscribed").await;
        assert_eq!(ended["channel"], channel, "{ends_by_itself}");
        ann.post(&format!("{path}/cancel"), json!({})).await;
        // The rest of the connection goes on.
        socket
            .send(json!({"type": "subscribe", "channel": channel}))
            .await;
        assert_eq!(socket.expect("error").await["code"], "FORBIDDEN");
    }
    app.run_jobs().await;
}

async fn a_role_that_changes_ends_the_subscription(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let support = app.member("sue", "support").await;
    let path = place(&ann, &app.product(5, 100).await, 1).await;
    app.run_jobs().await;
    let channel = format!("orders:{}", path.rsplit('/').next().unwrap());
    let mut socket = support.socket(app.node()).await;
    socket.subscribe(&channel).await;
    let role = json!({"role": "customer"});
    admin
        .put(&format!("/api/users/{}/role", support.id), role)
        .await
        .expect(200);
    ann.post(&format!("{path}/cancel"), json!({})).await.expect(200);
    app.run_jobs().await;
    // Nothing of what followed the change is sent.
    assert_eq!(socket.expect("unsubscribed").await["channel"], channel);
    assert_eq!(socket.ping().await, Vec::<Value>::new());
}

async fn a_revoked_api_key_ends_the_connection(app: &TestApp) {
    let ann = app.customer("ann").await;
    let key = json!({"name": "robot", "scopes": []});
    let created = ann.post("/api/auth/api-keys", key).await;
    if created.status == 403 {
        // Keys need a step-up.
        let password = json!({"password": ann.password});
        ann.post("/api/auth/step-up", password).await.expect(204);
    }
    let key = json!({"name": "robot", "scopes": ["create:order"]});
    let created = ann.post("/api/auth/api-keys", key).await.expect(201).data();
    let secret = created["secret"].as_str().or_else(|| created["key"].as_str());
    let bearer = format!("Bearer {}", secret.unwrap_or_else(|| panic!("{created}")));
    let mut socket = app.node().socket(&[("authorization", &bearer)]).await;
    socket.subscribe("products").await;
    let path = format!("/api/auth/api-keys/{}", created["id"].as_str().unwrap());
    ann.delete(&path).await.expect(204);
    assert_eq!(socket.closed().await.0, 1008);
    app.leave_jobs();
}

async fn a_stop_closes_connections_and_lets_clients_go(app: &TestApp) {
    let ann = app.customer("ann").await;
    let other = app.another_node().await;
    let mut sockets = [ann.socket(&other).await, ann.socket(&other).await];
    sockets[0].subscribe("products").await;
    let mut unknown = other.socket(&[]).await;
    let stopped = tokio::time::timeout(4 * SECOND, other.stop()).await;
    assert!(stopped.is_ok(), "open connections hold up the stop");
    for socket in &mut sockets {
        assert_eq!(socket.closed().await.0, 1001);
    }
    assert_eq!(unknown.closed().await.0, 1001);
}
