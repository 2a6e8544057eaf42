//! Rooms: members publish, and see who else is there.

use mainstay_testkit::{TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    a_message_reaches_the_members_in_order;
    members_see_who_enters_and_leaves;
    a_member_recovers_what_it_missed;
    publishing_ends_with_the_permission;
}

/// A customer who may publish in rooms.
async fn publisher(app: &TestApp, name: &str) -> TestUser {
    let user = app.customer(name).await;
    let path = format!("/api/users/{}/permissions", user.id);
    let grant = json!({"permission": "publish:room"});
    app.admin().await.post(&path, grant).await.expect(201);
    user
}

fn publish(payload: &Value) -> Value {
    json!({"type": "publish", "channel": "room:lobby", "payload": payload, "id": "p"})
}

async fn a_message_reaches_the_members_in_order(app: &TestApp) {
    let (ann, bob, node) = (publisher(app, "ann").await, app.customer("bob").await, app.node());
    let (mut sender, mut member) = (ann.socket(node).await, bob.socket(node).await);
    member.subscribe("room:lobby").await;
    let payloads = [json!({"text": "Hello", "n": [1, 2.50]}), json!("x"), json!(null)];
    for (payload, offset) in payloads.iter().zip(1..) {
        sender.send(publish(payload)).await;
        let published = sender.expect("published").await;
        assert_eq!(
            (&published["offset"], &published["id"]),
            (&json!(offset), &json!("p"))
        );
        let message = member.expect("message").await;
        assert_eq!(
            (&message["offset"], &message["payload"]),
            (&json!(offset), payload)
        );
    }
    // Another room is another channel.
    member.subscribe("room:other").await;
    sender.send(publish(&json!(4))).await;
    assert_eq!(member.expect("message").await["channel"], "room:lobby");
}

async fn members_see_who_enters_and_leaves(app: &TestApp) {
    let (ann, bob, node) = (app.customer("ann").await, app.customer("bob").await, app.node());
    let mut first = ann.socket(node).await;
    first.subscribe("room:lobby").await;
    let (mut second, mut third) = (bob.socket(node).await, bob.socket(node).await);
    second.subscribe("room:lobby").await;
    let joined = first.expect("join").await;
    assert_eq!(
        (&joined["userId"], &joined["channel"]),
        (&json!(bob.id), &json!("room:lobby"))
    );
    third.subscribe("room:lobby").await;
    let presence = json!({"type": "presence", "channel": "room:lobby"});
    first.send(presence.clone()).await;
    let answer = first.expect("presence").await;
    let mut expected = vec![
        json!({"userId": ann.id, "connections": 1}),
        json!({"userId": bob.id, "connections": 2}),
    ];
    expected.sort_by_key(|member| member["userId"].to_string());
    assert_eq!(answer["members"], json!(expected));
    drop(second);
    third
        .send(json!({"type": "unsubscribe", "channel": "room:lobby"}))
        .await;
    third.expect("unsubscribed").await;
    assert_eq!(first.expect("leave").await["userId"], bob.id);
    // Who is no member does not learn who is.
    third.send(presence).await;
    assert_eq!(third.expect("error").await["code"], "FORBIDDEN");
}

async fn a_member_recovers_what_it_missed(app: &TestApp) {
    let (ann, bob, node) = (publisher(app, "ann").await, app.customer("bob").await, app.node());
    let (mut sender, mut member) = (ann.socket(node).await, bob.socket(node).await);
    let subscribed = member.subscribe("room:lobby").await;
    drop(member);
    for number in 1..=3 {
        sender.send(publish(&json!(number))).await;
        sender.expect("published").await;
    }
    let mut member = bob.socket(node).await;
    let again = member
        .recover("room:lobby", &subscribed["epoch"], &json!(1))
        .await;
    assert_eq!(again["recovered"], true);
    for number in 2..=3 {
        assert_eq!(member.expect("message").await["payload"], number);
    }
    // Another process has another run of the room, and says so.
    let other = app.another_node().await;
    let mut elsewhere = bob.socket(&other).await;
    let answer = elsewhere
        .recover("room:lobby", &subscribed["epoch"], &json!(1))
        .await;
    assert_eq!(answer["recovered"], false);
    other.stop().await;
}

async fn publishing_ends_with_the_permission(app: &TestApp) {
    let (ann, node) = (publisher(app, "ann").await, app.node());
    let mut socket = ann.socket(node).await;
    socket.send(publish(&json!(1))).await;
    socket.expect("published").await;
    let path = format!("/api/users/{}/permissions/publish:room", ann.id);
    app.admin().await.delete(&path).await.expect(204);
    socket.send(publish(&json!(2))).await;
    assert_eq!(socket.expect("error").await["code"], "FORBIDDEN");
}
