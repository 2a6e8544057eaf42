//! Outgoing webhooks: from an event to the request, and what becomes of it.

use crate::email::subjects;
use crate::order_cancel_expire::place;
use crate::{HOUR, MINUTE, SECOND};
use mainstay_domain::webhook::DELIVERY_DELAYS;
use mainstay_services::webhook::WebhookSending;
use mainstay_testkit::{Node, TestApp, TestUser, WebhookReceiver, on_both_engines};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};

on_both_engines! {
    an_event_reaches_the_endpoints_that_want_it with WEBHOOK_NETWORKS = "127.0.0.0/8";
    a_rotated_secret_signs_beside_the_new_one_for_a_day with WEBHOOK_NETWORKS = "127.0.0.0/8";
    what_fails_is_sent_again_for_a_day_and_then_given_up with WEBHOOK_NETWORKS = "127.0.0.0/8";
    an_endpoint_that_is_gone_is_disabled_at_once with WEBHOOK_NETWORKS = "127.0.0.0/8";
    an_endpoint_is_tested_and_a_delivery_replayed with WEBHOOK_NETWORKS = "127.0.0.0/8";
    a_slow_endpoint_holds_up_none_of_the_others with WEBHOOK_NETWORKS = "127.0.0.0/8";
    of_two_processes_one_sends_and_a_lost_attempt_is_made_again with WEBHOOK_NETWORKS = "127.0.0.0/8";
    an_endpoint_is_read_changed_and_deleted with WEBHOOK_NETWORKS = "127.0.0.0/8";
}

pub(crate) const ENDPOINTS: &str = "/api/webhook-endpoints";

/// Registers an endpoint; returns its path and its secret.
pub(crate) async fn register(admin: &TestUser, url: &str, kinds: &[&str]) -> (String, String) {
    let body = json!({"url": url, "kinds": kinds});
    let created = admin.post(ENDPOINTS, body).await.expect(201).data();
    let text = |name: &str| created[name].as_str().unwrap().to_owned();
    (format!("{ENDPOINTS}/{}", text("id")), text("secret"))
}

fn sending(node: &Node) -> WebhookSending {
    WebhookSending::new(node.engine.pipeline().clone())
}

/// Sends what is due; returns how many attempts were made.
pub(crate) async fn send(app: &TestApp) -> usize {
    app.run_jobs().await;
    let sending = sending(app.node());
    let mut sent = 0;
    loop {
        let claimed = sending.claim().await.unwrap();
        if claimed.is_empty() {
            return sent;
        }
        sent += claimed.len();
        let attempts = claimed.into_iter().map(|claimed| sending.attempt(claimed));
        for attempt in futures_util::future::join_all(attempts).await {
            attempt.unwrap();
        }
    }
}

async fn deliveries(admin: &TestUser, endpoint: &str) -> Vec<Value> {
    let list = admin.get(&format!("{endpoint}/deliveries")).await;
    list.expect(200).list()
}

async fn status_of(admin: &TestUser, endpoint: &str) -> Value {
    admin.get(endpoint).await.expect(200).data()["status"].clone()
}

/// Whether the code on the page for receivers accepts a request, at the time of the test.
fn verified(app: &TestApp, secret: &str, request: &mainstay_testkit::ReceivedWebhook) -> bool {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/webhooks.md");
    let page = std::fs::read_to_string(page).unwrap();
    let code = page
        .split("```python\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let input = json!({
        "secret": secret, "headers": request.headers, "body": request.body,
        "now": app.now().micros() / 1_000_000,
    });
    let program = format!(
        "{code}\nimport json, sys\ngiven = json.loads(sys.argv[1])\ntime.time = lambda: given['now']\n\
         verify(given['secret'], given['headers'], given['body'].encode())\n"
    );
    let mut python = Command::new("python3")
        .args(["-", &input.to_string()])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the tests need Python");
    python
        .stdin
        .take()
        .unwrap()
        .write_all(program.as_bytes())
        .unwrap();
    python.wait().unwrap().success()
}

async fn an_event_reaches_the_endpoints_that_want_it(app: &TestApp) {
    let admin = app.admin().await;
    let (orders, users) = (WebhookReceiver::start().await, WebhookReceiver::start().await);
    let (endpoint, secret) = register(&admin, &orders.url(), &["order.*"]).await;
    register(&admin, &users.url(), &["user.*", "product.created"]).await;
    send(app).await;
    orders.take();
    users.take();
    let (ann, product) = (app.customer("ann").await, app.product(5, 1450).await);
    let order = place(&ann, &product, 2).await;
    assert!(send(app).await >= 2);
    let received = orders.take();
    assert_eq!(received.len(), 1, "{received:?}");
    let request = &received[0];
    assert_eq!(request.path, "/in");
    assert_eq!(request.headers["content-type"], "application/json");
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["type"], "order.placed");
    assert_eq!(
        format!("/api/orders/{}", body["data"]["id"].as_str().unwrap()),
        order
    );
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'), "{body}");
    assert!(verified(app, &secret, request));
    let mut forged = request.clone();
    forged.body = forged.body.replace("order.placed", "order.paid");
    assert!(!verified(app, &secret, &forged));
    let kinds: Vec<Value> = users
        .take()
        .iter()
        .map(|request| serde_json::from_str::<Value>(&request.body).unwrap()["type"].clone())
        .collect();
    assert!(
        kinds.contains(&json!("user.registered")) && kinds.contains(&json!("product.created")),
        "{kinds:?}"
    );
    let listed = deliveries(&admin, &endpoint).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let delivery = &listed[0];
    assert_eq!(
        (
            &delivery["status"],
            &delivery["attempts"],
            &delivery["responseStatus"],
            &delivery["response"]
        ),
        (
            &json!("delivered"),
            &json!(1),
            &json!(200),
            &json!(r#"{"seen":true}"#)
        )
    );
    assert_eq!(delivery["eventId"], json!(request.headers["webhook-id"]));
    assert_eq!(send(app).await, 0);
}

async fn a_rotated_secret_signs_beside_the_new_one_for_a_day(app: &TestApp) {
    let (admin, receiver) = (app.admin().await, WebhookReceiver::start().await);
    let (endpoint, former) = register(&admin, &receiver.url(), &["order.paid"]).await;
    let rotated = admin.post_nothing(&format!("{endpoint}/rotate-secret")).await;
    let new = rotated.expect(200).data()["secret"].as_str().unwrap().to_owned();
    let test = format!("{endpoint}/test");
    admin.post_nothing(&test).await.expect(202);
    send(app).await;
    let request = receiver.take().pop().unwrap();
    assert_eq!(request.headers["webhook-signature"].split(' ').count(), 2);
    assert!(verified(app, &former, &request) && verified(app, &new, &request));
    app.advance(24 * HOUR);
    let admin = app.sign_in(&admin.email, &admin.password).await;
    admin.post_nothing(&test).await.expect(202);
    send(app).await;
    let request = receiver.take().pop().unwrap();
    assert!(!verified(app, &former, &request) && verified(app, &new, &request));
}

async fn what_fails_is_sent_again_for_a_day_and_then_given_up(app: &TestApp) {
    let (admin, receiver) = (app.admin().await, WebhookReceiver::start().await);
    let (endpoint, secret) = register(&admin, &receiver.url(), &["order.paid"]).await;
    receiver.set_status(500);
    admin.post_nothing(&format!("{endpoint}/test")).await.expect(202);
    assert_eq!(send(app).await, 1);
    for delay in DELIVERY_DELAYS {
        app.advance(delay - SECOND);
        assert_eq!(send(app).await, 0, "{delay:?}");
        app.advance(SECOND);
        assert_eq!(send(app).await, 1, "{delay:?}");
    }
    let admin = app.sign_in(&admin.email, &admin.password).await;
    assert_eq!(status_of(&admin, &endpoint).await, "disabled");
    app.run_jobs().await;
    let mails = subjects(app, &admin.email);
    assert!(
        mails.iter().any(|mail| mail == "A webhook endpoint was disabled"),
        "{mails:?}"
    );
    let ids: Vec<String> = receiver
        .take()
        .iter()
        .map(|request| request.headers["webhook-id"].clone())
        .collect();
    assert!(ids.len() == 8 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    // After eight attempts the delivery is dead. Disabled, the endpoint gets nothing; a replay has the same id.
    let dead = admin.get(&format!("{endpoint}/deliveries?status=dead")).await;
    let dead = dead.expect(200).list();
    assert_eq!((dead.len(), &dead[0]["attempts"]), (1, &json!(8)), "{dead:?}");
    let replay = format!("{endpoint}/deliveries/{}/replay", dead[0]["id"].as_str().unwrap());
    admin.post_nothing(&replay).await.expect(202);
    assert_eq!(send(app).await, 0);
    receiver.set_status(204);
    admin
        .patch(&endpoint, json!({"status": "enabled"}))
        .await
        .expect(200);
    assert_eq!(send(app).await, 1);
    let request = receiver.take().pop().unwrap();
    assert_eq!(request.headers["webhook-id"], ids[0]);
    assert!(verified(app, &secret, &request));
    let endpoint = admin.get(&endpoint).await.expect(200).data();
    assert_eq!(
        (&endpoint["status"], &endpoint["failingSince"]),
        (&json!("enabled"), &Value::Null)
    );
}

async fn an_endpoint_that_is_gone_is_disabled_at_once(app: &TestApp) {
    let (admin, receiver) = (app.admin().await, WebhookReceiver::start().await);
    let (endpoint, _) = register(&admin, &receiver.url(), &["*"]).await;
    receiver.set_status(410);
    admin.post_nothing(&format!("{endpoint}/test")).await.expect(202);
    send(app).await;
    assert_eq!(status_of(&admin, &endpoint).await, "disabled");
    let trail = admin
        .get("/api/audit?resource=webhook-endpoint&action=DISABLE")
        .await;
    assert_eq!(trail.expect(200).list().len(), 1);
    let received = receiver.take().len();
    app.product(1, 1).await;
    assert_eq!(send(app).await, 0, "{received}");
}

async fn an_endpoint_is_tested_and_a_delivery_replayed(app: &TestApp) {
    let (admin, receiver) = (app.admin().await, WebhookReceiver::start().await);
    let (endpoint, _) = register(&admin, &receiver.url(), &["order.paid"]).await;
    let (other, _) = register(&admin, &receiver.url(), &["order.paid"]).await;
    let test = admin
        .post_nothing(&format!("{endpoint}/test"))
        .await
        .expect(202)
        .data();
    let id = test["id"].as_str().unwrap();
    let replay = format!("{endpoint}/deliveries/{id}/replay");
    admin
        .post_nothing(&replay)
        .await
        .expect_error(409, "INVALID_STATE");
    send(app).await;
    admin.post_nothing(&replay).await.expect(202);
    send(app).await;
    let received = receiver.take();
    assert_eq!(received.len(), 2, "{received:?}");
    assert_eq!(
        received[0].headers["webhook-id"],
        received[1].headers["webhook-id"]
    );
    assert_eq!(received[0].body, received[1].body);
    for wrong in [
        format!("{other}/deliveries/{id}/replay"),
        format!("{endpoint}/deliveries/0199b1f4-7c00-7000-8000-000000000001/replay"),
        format!("{endpoint}/deliveries/x/replay"),
    ] {
        admin.post_nothing(&wrong).await.expect_error(404, "NOT_FOUND");
    }
    let pending = admin.get(&format!("{endpoint}/deliveries?status=pending")).await;
    assert!(pending.expect(200).list().is_empty());
}

async fn a_slow_endpoint_holds_up_none_of_the_others(app: &TestApp) {
    let (admin, fast) = (app.admin().await, WebhookReceiver::start().await);
    // It accepts connections and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/in", silent.local_addr().unwrap());
    let (slow, _) = register(&admin, &url, &["order.paid"]).await;
    let (quick, _) = register(&admin, &fast.url(), &["order.paid"]).await;
    for _ in 0..4 {
        admin.post_nothing(&format!("{slow}/test")).await.expect(202);
    }
    let sending = sending(app.node());
    let claimed = sending.claim().await.unwrap();
    assert_eq!(claimed.len(), 2, "two at once to one endpoint");
    let under_way: Vec<_> = claimed
        .into_iter()
        .map(|claimed| {
            let sending = sending.clone();
            tokio::spawn(async move { sending.attempt(claimed).await })
        })
        .collect();
    assert!(sending.claim().await.unwrap().is_empty());
    admin.post_nothing(&format!("{quick}/test")).await.expect(202);
    let claimed = sending.claim().await.unwrap();
    assert_eq!(claimed.len(), 1);
    for claimed in claimed {
        sending.attempt(claimed).await.unwrap();
    }
    assert_eq!(fast.take().len(), 1);
    assert!(under_way.iter().all(|attempt| !attempt.is_finished()));
    under_way.iter().for_each(tokio::task::JoinHandle::abort);
}

async fn of_two_processes_one_sends_and_a_lost_attempt_is_made_again(app: &TestApp) {
    let (admin, receiver) = (app.admin().await, WebhookReceiver::start().await);
    let (endpoint, _) = register(&admin, &receiver.url(), &["order.paid"]).await;
    let other = app.another_node().await;
    let (here, there) = (sending(app.node()), sending(&other));
    admin.post_nothing(&format!("{endpoint}/test")).await.expect(202);
    let (first, second) = tokio::join!(here.claim(), there.claim());
    let mut claimed = [first.unwrap(), second.unwrap()].concat();
    assert_eq!(claimed.len(), 1);
    let lost = claimed.pop().unwrap();
    // The process died: nothing was recorded, and the lease ends.
    app.advance(MINUTE - SECOND);
    assert!(there.claim().await.unwrap().is_empty());
    app.advance(2 * SECOND);
    assert_eq!(send(app).await, 1);
    // The one that was thought dead comes late: the delivery stays as it is.
    receiver.set_status(500);
    here.attempt(lost).await.unwrap();
    let listed = deliveries(&admin, &endpoint).await;
    assert_eq!(
        (&listed[0]["status"], &listed[0]["attempts"]),
        (&json!("delivered"), &json!(2))
    );
    other.stop().await;
}

async fn an_endpoint_is_read_changed_and_deleted(app: &TestApp) {
    let (admin, receiver) = (app.admin().await, WebhookReceiver::start().await);
    let (endpoint, secret) = register(&admin, &receiver.url(), &["order.*", "order.*"]).await;
    let read = admin.get(&endpoint).await.expect(200);
    assert_eq!(read.data()["kinds"], json!(["order.*"]));
    assert!(
        !read.text().contains("whsec_") && !read.text().contains("secret"),
        "{read:?}"
    );
    let patch = json!({"description": "Accounting", "kinds": ["user.*"], "status": "disabled"});
    let changed = admin.patch(&endpoint, patch).await.expect(200).data();
    assert_eq!(
        (
            &changed["description"],
            &changed["kinds"],
            &changed["status"],
            &changed["url"]
        ),
        (
            &json!("Accounting"),
            &json!(["user.*"]),
            &json!("disabled"),
            &json!(receiver.url())
        )
    );
    assert_eq!(admin.get(ENDPOINTS).await.expect(200).list().len(), 1);
    let trail = admin
        .get("/api/audit?resource=webhook-endpoint")
        .await
        .expect(200);
    assert_eq!(trail.list().len(), 2);
    assert!(
        !trail.text().contains(secret.trim_start_matches("whsec_")),
        "{trail:?}"
    );
    admin.delete(&endpoint).await.expect(204);
    for path in [endpoint.clone(), format!("{endpoint}/deliveries")] {
        admin.get(&path).await.expect_error(404, "NOT_FOUND");
    }
}
