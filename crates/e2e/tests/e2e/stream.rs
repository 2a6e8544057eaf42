//! Channels as server-sent events.

use crate::order_cancel_expire::place;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    a_stream_carries_its_channels_and_resumes;
    a_channel_that_may_not_be_read_is_refused_before_the_stream_begins;
    a_stream_ends_with_the_session;
    a_stream_that_cannot_resume_says_so;
    a_stream_ends_when_the_process_stops;
}

async fn a_stream_carries_its_channels_and_resumes(app: &TestApp) {
    let ann = app.customer("ann").await;
    let product = app.product(9, 100).await;
    app.run_jobs().await;
    let channels = format!("products,user:{}", ann.id);
    let path = format!("/api/stream?channels={channels}");
    let mut stream = ann.stream(&path).await;
    let mut begun = Vec::new();
    for _ in 0..2 {
        let event = stream.expect("subscribed").await;
        assert!(event.data["recovered"].is_null(), "{event:?}");
        begun.push(event);
    }
    place(&ann, &product, 1).await;
    app.run_jobs().await;
    let mut seen = [stream.expect("message").await, stream.expect("message").await];
    seen.sort_by_key(|event| event.data["channel"].to_string());
    let kinds = seen.each_ref().map(|event| event.data["payload"]["kind"].clone());
    assert_eq!(kinds, [json!("product.reserved"), json!("order.placed")]);
    drop(stream);
    for _ in 0..2 {
        place(&ann, &product, 1).await;
        app.run_jobs().await;
    }
    // From the beginning: all three orders; by the header or the parameter.
    let mut resumed = ann.header("last-event-id", &begun[1].id).stream(&path).await;
    let mut orders = 0;
    for _ in 0..2 {
        let event = resumed.expect("subscribed").await;
        assert_eq!(event.data["recovered"], true, "{event:?}");
    }
    let mut last = String::new();
    for _ in 0..6 {
        let event = resumed.expect("message").await;
        orders += usize::from(event.data["payload"]["kind"] == "order.placed");
        last = event.id;
    }
    assert_eq!(orders, 3);
    drop(resumed);
    place(&ann, &product, 1).await;
    app.run_jobs().await;
    let resume = format!("{path}&lastEventId={last}");
    let mut resumed = ann.stream(&resume).await;
    for _ in 0..2 {
        resumed.expect("subscribed").await;
    }
    for _ in 0..2 {
        let event = resumed.expect("message").await;
        assert!(event.data["offset"].as_i64() > seen[0].data["offset"].as_i64());
    }
    place(&ann, &product, 1).await;
    app.run_jobs().await;
    resumed.expect("message").await;
}

async fn a_channel_that_may_not_be_read_is_refused_before_the_stream_begins(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let path = |channels: &str| format!("/api/stream?channels={channels}");
    let foreign = path(&format!("products,user:{}", ann.id));
    bob.get(&foreign).await.expect_error(403, "FORBIDDEN");
    app.client()
        .get(&path("products"))
        .await
        .expect_error(401, "UNAUTHORIZED");
    for channels in ["", "nothing", "products,products", "products,"] {
        bob.get(&path(channels)).await.expect_error(400, "BAD_REQUEST");
    }
    assert_eq!(app.node().hub_counts().subscriptions, 0);
}

async fn a_stream_ends_with_the_session(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(9, 100).await);
    app.run_jobs().await;
    let mut stream = ann.stream("/api/stream?channels=products").await;
    stream.expect("subscribed").await;
    ann.post_nothing("/api/auth/logout").await.expect(204);
    place(&app.customer("bob").await, &product, 1).await;
    app.run_jobs().await;
    assert_eq!(stream.next().await, None);
}

async fn a_stream_that_cannot_resume_says_so(app: &TestApp) {
    let ann = app.customer("ann").await;
    for id in ["x", "", "a:1,b:2", "0199b1f4-7c00-7000-8000-000000000001:5"] {
        let client = ann.header("last-event-id", id);
        let mut stream = client.stream("/api/stream?channels=products").await;
        let event = stream.expect("subscribed").await;
        assert_eq!(event.data["recovered"], false, "{id}");
    }
}

async fn a_stream_ends_when_the_process_stops(app: &TestApp) {
    let ann = app.customer("ann").await;
    let other = app.another_node().await;
    let client = other.client().bearer(&ann.access);
    let mut stream = client.stream("/api/stream?channels=products").await;
    stream.expect("subscribed").await;
    let (stopped, end) = tokio::join!(
        tokio::time::timeout(4 * crate::SECOND, other.stop()),
        stream.next()
    );
    assert!(stopped.is_ok() && end.is_none());
}
