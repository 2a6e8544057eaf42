//! What a client missed while it was away: in order, once, and honestly.

use crate::order_cancel_expire::place;
use mainstay_testkit::{Node, Socket, TestApp, TestProduct, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    a_client_gets_what_it_missed_in_order_and_once;
    a_client_recovers_over_a_restart_and_on_another_node;
    what_cannot_be_recovered_is_said;
    a_long_absence_is_recovered_page_by_page;
    a_subscription_is_answered_before_its_first_message;
    a_reader_may_no_longer_recover_what_it_may_no_longer_read;
    a_thousand_clients_leave_no_subscription_behind;
}

/// Changes the stock of a product, and relays the event.
async fn change(app: &TestApp, admin: &TestUser, product: &TestProduct) {
    let stock = json!({"delta": 1, "reason": "delivery"});
    let path = format!("{}/stock", product.path);
    admin.post(&path, stock).await.expect(200);
    app.run_jobs().await;
}

async fn stock(socket: &mut Socket) -> i64 {
    let message = socket.expect("message").await;
    message["payload"]["product"]["stock"].as_i64().unwrap()
}

async fn user(app: &TestApp) -> (TestUser, TestUser, TestProduct) {
    let (ann, admin, product) = (
        app.customer("ann").await,
        app.admin().await,
        app.product(0, 100).await,
    );
    app.run_jobs().await;
    (ann, admin, product)
}

async fn a_client_gets_what_it_missed_in_order_and_once(app: &TestApp) {
    let ((ann, admin, product), node) = (user(app).await, app.node());
    let mut socket = ann.socket(node).await;
    let subscribed = socket.subscribe("products").await;
    change(app, &admin, &product).await;
    let seen = socket.expect("message").await;
    assert_eq!(seen["payload"]["product"]["stock"], 1);
    drop(socket);
    for _ in 0..3 {
        change(app, &admin, &product).await;
    }
    // Some events are not relayed yet when the client comes back.
    let more = json!({"delta": 1, "reason": "delivery"});
    let path = format!("{}/stock", product.path);
    admin.post(&path, more).await.expect(200);
    let mut socket = ann.socket(node).await;
    let (epoch, offset) = (&subscribed["epoch"], &seen["offset"]);
    let again = socket.recover("products", epoch, offset).await;
    assert_eq!((&again["recovered"], &again["epoch"]), (&json!(true), epoch));
    app.run_jobs().await;
    for expected in 2..=5 {
        assert_eq!(stock(&mut socket).await, expected);
    }
    assert_eq!(socket.ping().await, Vec::<Value>::new());
    // A position that the client has already counts as all of it.
    let offset = again["offset"].clone();
    drop(socket);
    let mut socket = ann.socket(node).await;
    assert!(offset.as_i64() > seen["offset"].as_i64());
    assert_eq!(
        socket.recover("products", epoch, &offset).await["recovered"],
        true
    );
    assert_eq!(stock(&mut socket).await, 5);
}

async fn a_client_recovers_over_a_restart_and_on_another_node(app: &TestApp) {
    let (ann, admin, product) = user(app).await;
    let other = app.another_node().await;
    let mut socket = ann.socket(&other).await;
    let subscribed = socket.subscribe("products").await;
    // This node relays; the other one reads what it relayed.
    change(app, &admin, &product).await;
    let seen = socket.expect("message").await;
    other.stop().await;
    assert_eq!(socket.closed().await.0, 1001);
    change(app, &admin, &product).await;
    let restarted = app.another_node().await;
    for node in [app.node(), &restarted] {
        let mut socket = ann.socket(node).await;
        let again = socket
            .recover("products", &subscribed["epoch"], &seen["offset"])
            .await;
        assert_eq!(again["recovered"], true);
        assert_eq!(stock(&mut socket).await, 2);
        assert_eq!(socket.ping().await, Vec::<Value>::new());
    }
    restarted.stop().await;
}

async fn what_cannot_be_recovered_is_said(app: &TestApp) {
    let ((ann, admin, product), node) = (user(app).await, app.node());
    let mut socket = ann.socket(node).await;
    let subscribed = socket.subscribe("products").await;
    let (epoch, offset) = (&subscribed["epoch"], subscribed["offset"].as_i64().unwrap());
    for (epoch, offset) in [
        (&json!("0199b1f4-7c00-7000-8000-000000000001"), offset),
        (epoch, offset + 1),
        (epoch, i64::MAX),
        (epoch, -1),
        (epoch, i64::MIN),
    ] {
        let answer = socket.recover("products", epoch, &json!(offset)).await;
        assert_eq!(answer["recovered"], false, "{offset}");
    }
    assert_eq!(socket.ping().await, Vec::<Value>::new());
    // Once what was missed is no longer retained, the client learns that.
    change(app, &admin, &product).await;
    app.advance(8 * 24 * crate::HOUR);
    app.engine().sweeper().prune().await.unwrap();
    let ann = app.sign_in(&ann.email, &ann.password).await;
    let mut socket = ann.socket(node).await;
    let answer = socket.recover("products", epoch, &json!(offset)).await;
    assert_eq!(answer["recovered"], false);
    app.run_jobs().await;
}

async fn a_long_absence_is_recovered_page_by_page(app: &TestApp) {
    let ((ann, admin, product), node) = (user(app).await, app.node());
    let mut socket = ann.socket(node).await;
    let subscribed = socket.subscribe("products").await;
    drop(socket);
    let stock_path = format!("{}/stock", product.path);
    for _ in 0..450 {
        let stock = json!({"delta": 1, "reason": "delivery"});
        admin.post(&stock_path, stock).await.expect(200);
        app.advance(std::time::Duration::from_micros(1));
    }
    app.run_jobs().await;
    let mut socket = ann.socket(node).await;
    let (epoch, offset) = (&subscribed["epoch"], &subscribed["offset"]);
    socket.recover("products", epoch, offset).await;
    for expected in 1..=450 {
        assert_eq!(stock(&mut socket).await, expected);
    }
}

async fn a_subscription_is_answered_before_its_first_message(app: &TestApp) {
    let ((ann, admin, product), node) = (user(app).await, app.node());
    let mut sockets = Vec::new();
    for _ in 0..8 {
        sockets.push(ann.socket(node).await);
    }
    let changes = async {
        for _ in 0..20 {
            change(app, &admin, &product).await;
        }
    };
    let subscribing = async {
        for socket in &mut sockets {
            // The first frame is the answer: `subscribe` expects that.
            let subscribed = socket.subscribe("products").await;
            socket.ping().await;
            assert!(subscribed["offset"].is_i64());
        }
    };
    tokio::join!(changes, subscribing);
}

async fn a_reader_may_no_longer_recover_what_it_may_no_longer_read(app: &TestApp) {
    let (ann, node) = (app.customer("ann").await, app.node());
    let support = app.member("sue", "support").await;
    let path = place(&ann, &app.product(5, 100).await, 1).await;
    app.run_jobs().await;
    let channel = format!("orders:{}", path.rsplit('/').next().unwrap());
    let subscribed = support.socket(node).await.subscribe(&channel).await;
    let role = json!({"role": "customer"});
    let admin = app.admin().await;
    admin
        .put(&format!("/api/users/{}/role", support.id), role)
        .await
        .expect(200);
    let mut socket = support.socket(node).await;
    let since = json!({"epoch": subscribed["epoch"], "offset": 0});
    socket
        .send(json!({"type": "subscribe", "channel": channel, "since": since}))
        .await;
    assert_eq!(socket.expect("error").await["code"], "FORBIDDEN");
    app.run_jobs().await;
}

async fn a_thousand_clients_leave_no_subscription_behind(app: &TestApp) {
    let (ann, node) = (app.customer("ann").await, app.node());
    app.run_jobs().await;
    for round in 0..50 {
        let sockets = (0..20).map(|_| ann.socket(node));
        let mut sockets = futures_util::future::join_all(sockets).await;
        for socket in &mut sockets {
            socket.subscribe("products").await;
            socket.subscribe("room:lobby").await;
        }
        if round == 0 {
            assert_eq!(node.hub_counts().subscriptions, 40);
        }
    }
    until_idle(node).await;
}

/// Waits until the hub has no client.
async fn until_idle(node: &Node) {
    loop {
        let counts = node.hub_counts();
        if (counts.connections, counts.subscriptions) == (0, 0) {
            return;
        }
        tokio::task::yield_now().await;
    }
}
