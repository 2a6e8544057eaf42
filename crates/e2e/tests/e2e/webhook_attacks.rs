//! Attacks by way of outgoing webhooks: requests into the network that the server stands in, and other people's endpoints.

use crate::webhook::{ENDPOINTS, register, send};
use mainstay_testkit::{TestApp, WebhookReceiver, on_both_engines};
use serde_json::json;

on_both_engines! {
    trap_14_no_endpoint_is_in_a_private_network;
    trap_14_a_name_with_a_private_address_is_not_reached with WEBHOOK_NETWORKS = "10.1.2.0/24";
    trap_14_a_redirect_is_not_followed with WEBHOOK_NETWORKS = "127.0.0.0/8";
    trap_14_a_network_that_is_no_longer_allowed_is_not_reached with WEBHOOK_NETWORKS = "127.0.0.0/8";
    trap_05_endpoints_are_for_holders_of_the_permission with WEBHOOK_NETWORKS = "127.0.0.0/8";
    bad_input_names_its_field;
}

async fn trap_14_no_endpoint_is_in_a_private_network(app: &TestApp) {
    let admin = app.admin().await;
    for url in [
        "https://127.0.0.1/in",
        "https://2130706433/in",
        "https://[::1]/in",
        "https://[::]/in",
        "https://[::ffff:127.0.0.1]/in",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.8/in",
        "http://hooks.example/in",
        "http://127.0.0.1:9000/in",
        "https://user:password@hooks.example/in",
        "gopher://hooks.example/in",
        "hooks.example/in",
    ] {
        let body = json!({"url": url, "kinds": ["order.*"]});
        let refused = admin.post(ENDPOINTS, body).await;
        let refused = refused.expect_error(400, "VALIDATION_FAILED");
        assert_eq!(refused.validation_errors(), ["url FORMAT"], "{url}");
    }
    // An endpoint is not moved there, either.
    let (endpoint, _) = register(&admin, "https://hooks.example/in", &["order.*"]).await;
    let moved = json!({"url": "https://127.0.0.1/in"});
    admin
        .patch(&endpoint, moved)
        .await
        .expect_error(400, "VALIDATION_FAILED");
}

async fn trap_14_a_name_with_a_private_address_is_not_reached(app: &TestApp) {
    let (admin, receiver) = (app.admin().await, WebhookReceiver::start().await);
    // The name is checked when it is resolved, so it is registered.
    let url = receiver.url().replace("127.0.0.1", "localhost");
    let (endpoint, _) = register(&admin, &url, &["order.paid"]).await;
    admin.post_nothing(&format!("{endpoint}/test")).await.expect(202);
    assert_eq!(send(app).await, 1);
    assert!(receiver.take().is_empty());
    let deliveries = admin
        .get(&format!("{endpoint}/deliveries"))
        .await
        .expect(200)
        .list();
    let error = deliveries[0]["error"].as_str().unwrap();
    assert!(error.contains("has no address that may be reached"), "{error}");
}

async fn trap_14_a_redirect_is_not_followed(app: &TestApp) {
    let (admin, receiver) = (app.admin().await, WebhookReceiver::start().await);
    let (endpoint, _) = register(&admin, &receiver.url(), &["order.paid"]).await;
    receiver.set_status(307);
    admin.post_nothing(&format!("{endpoint}/test")).await.expect(202);
    assert_eq!(send(app).await, 1);
    let paths: Vec<String> = receiver.take().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/in"]);
    let deliveries = admin
        .get(&format!("{endpoint}/deliveries"))
        .await
        .expect(200)
        .list();
    assert_eq!(
        (&deliveries[0]["status"], &deliveries[0]["responseStatus"]),
        (&json!("pending"), &json!(307))
    );
}

async fn trap_14_a_network_that_is_no_longer_allowed_is_not_reached(app: &TestApp) {
    let (admin, receiver) = (app.admin().await, WebhookReceiver::start().await);
    let (endpoint, _) = register(&admin, &receiver.url(), &["order.paid"]).await;
    admin.post_nothing(&format!("{endpoint}/test")).await.expect(202);
    let stricter = app.another_node_with(&[("WEBHOOK_NETWORKS", "")]).await;
    let sending = mainstay_services::webhook::WebhookSending::new(stricter.engine.pipeline().clone());
    for claimed in sending.claim().await.unwrap() {
        sending.attempt(claimed).await.unwrap();
    }
    assert!(receiver.take().is_empty());
    stricter.stop().await;
}

async fn trap_05_endpoints_are_for_holders_of_the_permission(app: &TestApp) {
    let (admin, ann, receiver) = (
        app.admin().await,
        app.customer("ann").await,
        WebhookReceiver::start().await,
    );
    let (endpoint, _) = register(&admin, &receiver.url(), &["order.paid"]).await;
    let new = json!({"url": receiver.url(), "kinds": ["*"]});
    ann.post(ENDPOINTS, new.clone())
        .await
        .expect_error(403, "FORBIDDEN");
    app.client()
        .post(ENDPOINTS, new)
        .await
        .expect_error(401, "UNAUTHORIZED");
    for path in [
        ENDPOINTS.to_owned(),
        endpoint.clone(),
        format!("{endpoint}/deliveries"),
    ] {
        ann.get(&path).await.expect_error(403, "FORBIDDEN");
    }
    for action in ["rotate-secret", "test"] {
        ann.post_nothing(&format!("{endpoint}/{action}"))
            .await
            .expect_error(403, "FORBIDDEN");
    }
    ann.delete(&endpoint).await.expect_error(403, "FORBIDDEN");
    assert_eq!(send(app).await, 0);
}

async fn bad_input_names_its_field(app: &TestApp) {
    let admin = app.admin().await;
    let good = json!({"url": "https://hooks.example/in", "kinds": ["order.*"]});
    for (field, value, error) in [
        (
            "url",
            json!(format!("https://hooks.example/{}", "a".repeat(2000))),
            "url LENGTH",
        ),
        ("kinds", json!([]), "kinds LENGTH"),
        ("kinds", json!(["order.*", "Order"]), "kinds[1] FORMAT"),
        ("kinds", json!(vec!["a.b"; 51]), "kinds LENGTH"),
        ("description", json!("a\nb"), "description FORMAT"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let refused = admin.post(ENDPOINTS, body).await;
        let refused = refused.expect_error(400, "VALIDATION_FAILED");
        assert_eq!(refused.validation_errors(), [error]);
    }
    let (endpoint, _) = register(&admin, "https://hooks.example/in", &["order.*"]).await;
    admin
        .patch(&endpoint, json!({"status": "paused"}))
        .await
        .expect_error(400, "VALIDATION_FAILED");
}
