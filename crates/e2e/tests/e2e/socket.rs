//! WebSockets: who may open one, and what it carries.

use crate::order_cancel_expire::place;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    a_client_authenticates_by_header_by_cookie_or_by_its_first_frame with ALLOWED_ORIGINS = "https://shop.example";
    trap_07_no_token_is_read_from_the_address;
    trap_07_a_client_subscribes_to_what_the_policy_shows_it;
    an_order_reports_its_transitions_to_its_subscribers;
    products_report_their_stock_and_price_and_nothing_of_drafts;
    a_rolled_back_transaction_sends_nothing;
    a_user_receives_their_own_changes;
    a_subscription_ends_on_request;
}

/// A browser that signed in by cookies, as its `Cookie` header.
async fn cookies(app: &TestApp, email: &str, password: &str) -> String {
    let body = json!({"email": email, "password": password, "transport": "cookie"});
    let answer = app.client().post("/api/auth/login", body).await.expect(200);
    let cookies = answer.all("set-cookie");
    let pairs = cookies.iter().filter_map(|cookie| cookie.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}

async fn a_client_authenticates_by_header_by_cookie_or_by_its_first_frame(app: &TestApp) {
    let (ann, node) = (app.customer("ann").await, app.node());
    let channel = format!("user:{}", ann.id);
    ann.socket(node).await.subscribe(&channel).await;

    let mut first = node.socket(&[]).await;
    first
        .send(json!({"type": "authenticate", "token": ann.access, "id": 1}))
        .await;
    assert_eq!(first.expect("authenticated").await["id"], 1);
    first.subscribe(&channel).await;

    let cookie = cookies(app, &ann.email, &ann.password).await;
    for origin in ["https://shop.example", node.url()] {
        let mut socket = node.socket(&[("cookie", &cookie), ("origin", origin)]).await;
        socket.subscribe(&channel).await;
    }
    for foreign in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "http://shop.example")],
        // A browser always sends it.
        &[],
    ] {
        let mut headers = vec![("cookie", &*cookie)];
        headers.extend(foreign);
        let (status, _) = node.handshake(&headers).await;
        assert_eq!(status, 403, "{foreign:?}");
    }
    // A token that a page sends itself proves where it comes from.
    let mut page = node.socket(&[("origin", "https://evil.example")]).await;
    page.send(json!({"type": "authenticate", "token": ann.access}))
        .await;
    page.expect("authenticated").await;

    for (headers, frame) in [
        (&[][..], json!({"type": "authenticate", "token": "x"})),
        (&[], json!({"type": "authenticate", "token": ann.refresh})),
        (&[], json!({"type": "ping"})),
        (&[], json!("x")),
        (&[("authorization", "Bearer x")], json!(null)),
    ] {
        let mut socket = node.socket(headers).await;
        socket.try_send_text(&frame.to_string()).await;
        let (code, reason) = socket.closed().await;
        assert!(code == 1008 && !reason.is_empty(), "{frame}: {code} {reason}");
    }
}

async fn trap_07_no_token_is_read_from_the_address(app: &TestApp) {
    let ann = app.customer("ann").await;
    for name in ["token", "access_token", "accessToken"] {
        let path = format!("/api/stream?channels=products&{name}={}", ann.access);
        let answer = app.client().get(&path).await;
        answer.expect_error(401, "UNAUTHORIZED");
    }
}

async fn trap_07_a_client_subscribes_to_what_the_policy_shows_it(app: &TestApp) {
    let (ann, bob, node) = (app.customer("ann").await, app.customer("bob").await, app.node());
    let support = app.member("sue", "support").await;
    let path = place(&ann, &app.product(5, 100).await, 1).await;
    let order = format!("orders:{}", path.rsplit('/').next().unwrap());
    let unknown = "orders:0199b1f4-7c00-7000-8000-000000000001".to_owned();
    let own = format!("user:{}", ann.id);
    for (user, channel, allowed) in [
        (&ann, &order, true),
        (&bob, &order, false),
        (&support, &order, true),
        (&ann, &unknown, false),
        (&ann, &own, true),
        (&bob, &own, false),
        // What happens to an account is for its owner alone.
        (&support, &own, false),
        (&bob, &"products".to_owned(), true),
        (&bob, &"room:lobby".to_owned(), true),
    ] {
        let mut socket = user.socket(node).await;
        socket
            .send(json!({"type": "subscribe", "channel": channel, "id": "a"}))
            .await;
        let answer = socket.next().await;
        assert_eq!(
            (&answer["id"], &answer["channel"]),
            (&json!("a"), &json!(channel))
        );
        let expected = if allowed { "subscribed" } else { "error" };
        assert_eq!(answer["type"], expected, "{} {channel}: {answer}", user.email);
        if !allowed {
            assert_eq!(answer["code"], "FORBIDDEN");
        }
    }
    // Without the permission, no message reaches a room.
    let mut socket = bob.socket(node).await;
    socket.subscribe("room:lobby").await;
    for channel in ["room:lobby", "products", &order] {
        socket
            .send(json!({"type": "publish", "channel": channel, "payload": 1}))
            .await;
        let code = socket.expect("error").await["code"].clone();
        let expected = if channel == "room:lobby" {
            "FORBIDDEN"
        } else {
            "BAD_REQUEST"
        };
        assert_eq!(code, expected, "{channel}");
    }
    app.run_jobs().await;
    assert_eq!(socket.ping().await, Vec::<Value>::new());
    app.leave_jobs();
}

async fn an_order_reports_its_transitions_to_its_subscribers(app: &TestApp) {
    let (ann, node) = (app.customer("ann").await, app.node());
    let path = place(&ann, &app.product(5, 100).await, 2).await;
    app.run_jobs().await;
    let id = path.rsplit('/').next().unwrap();
    let channel = format!("orders:{id}");
    let mut socket = ann.socket(node).await;
    let subscribed = socket.subscribe(&channel).await;
    assert!(subscribed["recovered"].is_null() && subscribed["epoch"].is_string());
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    app.run_jobs().await;
    let message = socket.expect("message").await;
    assert_eq!(message["channel"], channel);
    assert_eq!(message["payload"]["kind"], "order.paid", "{message}");
    let order = &message["payload"]["order"];
    assert_eq!(order, &ann.get(&path).await.data());
    assert!(message["offset"].as_i64() > subscribed["offset"].as_i64());
    assert!(message["at"].as_str().is_some_and(|at| at.ends_with('Z')));
}

async fn products_report_their_stock_and_price_and_nothing_of_drafts(app: &TestApp) {
    let (ann, admin, node) = (app.customer("ann").await, app.admin().await, app.node());
    let product = app.product(5, 100).await;
    app.run_jobs().await;
    let (mut socket, mut staff) = (ann.socket(node).await, admin.socket(node).await);
    socket.subscribe("products").await;
    staff.subscribe("products").await;
    let draft = json!({"sku": "DRAFT-1", "name": "Secret", "price": {"amount": 5, "currency": "USD"}, "status": "draft"});
    admin.post("/api/products", draft).await.expect(201);
    app.run_jobs().await;
    let price = json!({"price": {"amount": 150, "currency": "USD"}});
    admin.patch(&product.path, price).await.expect(200);
    app.run_jobs().await;
    let stock = json!({"delta": 3, "reason": "delivery"});
    admin
        .post(&format!("{}/stock", product.path), stock)
        .await
        .expect(200);
    app.run_jobs().await;
    place(&ann, &product, 2).await;
    app.run_jobs().await;
    let kinds = ["product.updated", "product.stock-changed", "product.reserved"];
    let mut messages = Vec::new();
    for kind in kinds {
        let message = socket.expect("message").await;
        assert_eq!(message["payload"]["kind"], kind, "{message}");
        messages.push(message);
    }
    assert_eq!(messages[0]["payload"]["product"]["price"]["amount"], 150);
    assert_eq!(messages[1]["payload"]["product"]["stock"], 8);
    let items = json!([{"productId": product.id, "quantity": 2}]);
    assert_eq!(messages[2]["payload"]["items"], items);
    assert_eq!(socket.ping().await, Vec::<Value>::new());
    let created = staff.expect("message").await;
    assert_eq!(created["payload"]["product"]["sku"], "DRAFT-1");
}

async fn a_rolled_back_transaction_sends_nothing(app: &TestApp) {
    let (ann, product, node) = (app.customer("ann").await, app.product(1, 100).await, app.node());
    app.run_jobs().await;
    let mut socket = ann.socket(node).await;
    socket.subscribe("products").await;
    socket.subscribe(&format!("user:{}", ann.id)).await;
    let items = json!({"items": [{"productId": product.id, "quantity": 2}]});
    ann.post("/api/orders", items)
        .await
        .expect_error(409, "OUT_OF_STOCK");
    place(&ann, &product, 1).await;
    app.run_jobs().await;
    let payloads = [socket.expect("message").await, socket.expect("message").await];
    let kinds = payloads.map(|message| message["payload"]["kind"].clone());
    assert!(kinds.contains(&json!("order.placed")) && kinds.contains(&json!("product.reserved")));
    assert_eq!(socket.ping().await, Vec::<Value>::new());
}

async fn a_user_receives_their_own_changes(app: &TestApp) {
    let (ann, bob, node) = (app.customer("ann").await, app.customer("bob").await, app.node());
    app.run_jobs().await;
    let mut socket = ann.socket(node).await;
    socket.subscribe(&format!("user:{}", ann.id)).await;
    for user in [&bob, &ann] {
        let name = json!({"name": "Another"});
        user.patch("/api/users/me", name).await.expect(200);
    }
    app.run_jobs().await;
    let message = socket.expect("message").await;
    let payload = json!({"kind": "user.updated", "resource": "user", "resourceId": ann.id});
    assert_eq!(message["payload"], payload);
    assert_eq!(socket.ping().await, Vec::<Value>::new());
}

async fn a_subscription_ends_on_request(app: &TestApp) {
    let (ann, product, node) = (app.customer("ann").await, app.product(5, 100).await, app.node());
    app.run_jobs().await;
    let mut socket = ann.socket(node).await;
    socket.subscribe("products").await;
    let request = json!({"type": "unsubscribe", "channel": "products", "id": "x"});
    for _ in 0..2 {
        socket.send(request.clone()).await;
        let answer = socket.expect("unsubscribed").await;
        assert_eq!(
            (&answer["channel"], &answer["id"]),
            (&json!("products"), &json!("x"))
        );
    }
    assert_eq!(node.hub_counts().subscriptions, 0);
    place(&ann, &product, 1).await;
    app.run_jobs().await;
    assert_eq!(socket.ping().await, Vec::<Value>::new());
}
