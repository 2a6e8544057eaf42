//! What a WebSocket refuses, and what one client may take from others.

use crate::order_cancel_expire::place;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    what_is_not_understood_is_answered_and_the_connection_goes_on;
    fragments_and_control_frames_between_them_are_understood;
    a_frame_that_breaks_the_protocol_ends_the_connection;
    a_large_message_ends_the_connection;
    too_many_frames_end_the_connection;
    too_many_channels_end_the_connection;
    trap_17_a_client_that_does_not_read_is_closed_and_others_receive_everything;
    a_handshake_that_is_none_is_refused;
    a_client_that_does_not_authenticate_is_closed;
    a_request_over_a_socket_has_its_line_in_the_log;
}

/// A frame of a client, masked by zeros unless `masked` is false.
fn frame(is_last: bool, opcode: u8, payload: &[u8], masked: bool) -> Vec<u8> {
    let mut bytes = vec![u8::from(is_last) << 7 | opcode];
    let mask = u8::from(masked) << 7;
    match u8::try_from(payload.len()) {
        Ok(length) if length < 126 => bytes.push(mask | length),
        _ => {
            bytes.push(mask | 127);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
    }
    if masked {
        bytes.extend([0; 4]);
    }
    bytes.extend(payload);
    bytes
}

const TEXT: u8 = 1;
const CONTINUATION: u8 = 0;
const PING: u8 = 9;

async fn what_is_not_understood_is_answered_and_the_connection_goes_on(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut socket = ann.socket(app.node()).await;
    let deep = "[".repeat(30_000);
    for text in [
        "",
        "x",
        "[]",
        "{\"type\":\"nothing\"}",
        "{\"type\":\"ping\",\"more\":1}",
        &deep,
    ] {
        socket.send_text(text).await;
        let answer = socket.expect("error").await;
        let expected = (&json!("BAD_REQUEST"), &json!("Invalid message"));
        assert_eq!((&answer["code"], &answer["message"]), expected, "{text}");
    }
    socket.send_binary(br#"{"type":"ping"}"#.to_vec()).await;
    socket.expect("error").await;
    socket
        .send(json!({"type": "subscribe", "channel": "nothing", "id": 5}))
        .await;
    assert_eq!(socket.expect("error").await["id"], 5);
    socket.subscribe("products").await;
}

async fn fragments_and_control_frames_between_them_are_understood(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut socket = ann.socket(app.node()).await;
    let text = br#"{"type":"ping","id":"in pieces"}"#;
    let (first, rest) = text.split_at(9);
    socket.write_raw(&frame(false, TEXT, first, true)).await;
    socket.write_raw(&frame(true, PING, b"between", true)).await;
    socket.write_raw(&frame(true, CONTINUATION, rest, true)).await;
    assert_eq!(socket.expect("pong").await["id"], "in pieces");
    // Byte by byte.
    for byte in frame(true, TEXT, text, true) {
        socket.write_raw(&[byte]).await;
    }
    socket.expect("pong").await;
}

async fn a_frame_that_breaks_the_protocol_ends_the_connection(app: &TestApp) {
    let ann = app.customer("ann").await;
    let ping = br#"{"type":"ping"}"#;
    for (what, bytes, code) in [
        ("not masked", frame(true, TEXT, ping, false), 1002),
        ("an unknown opcode", frame(true, 3, ping, true), 1002),
        ("a reserved bit", vec![0xC1, 0x80, 0, 0, 0, 0], 1002),
        (
            "a continuation of nothing",
            frame(true, CONTINUATION, ping, true),
            1002,
        ),
        (
            "a long control frame",
            frame(true, PING, &[b'x'; 200], true),
            1002,
        ),
        ("a control frame in pieces", frame(false, PING, ping, true), 1002),
        ("no UTF-8", frame(true, TEXT, &[0xFF, 0xFE], true), 1007),
    ] {
        let mut socket = ann.socket(app.node()).await;
        socket.write_raw(&bytes).await;
        assert_eq!(socket.closed().await.0, code, "{what}");
    }
}

async fn a_large_message_ends_the_connection(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut socket = ann.socket(app.node()).await;
    let padded = |bytes: usize| {
        let ping = r#"{"type":"ping"}"#;
        ping.to_owned() + &" ".repeat(bytes - ping.len())
    };
    socket.send_text(&padded(64 * 1024)).await;
    socket.expect("pong").await;
    socket.try_send_text(&padded(64 * 1024 + 1)).await;
    assert_eq!(socket.closed().await.0, 1009);
    // The length alone suffices, before a byte of the message has arrived.
    let mut socket = ann.socket(app.node()).await;
    let mut head = vec![0x81, 0xFF];
    head.extend(100_000_000_u64.to_be_bytes());
    head.extend([0; 4]);
    socket.write_raw(&head).await;
    assert_eq!(socket.closed().await.0, 1009);
    // As do pieces of which none is too large.
    let mut socket = ann.socket(app.node()).await;
    let piece = [b' '; 40 * 1024];
    socket.write_raw(&frame(false, TEXT, &piece, true)).await;
    socket.write_raw(&frame(true, CONTINUATION, &piece, true)).await;
    assert_eq!(socket.closed().await.0, 1009);
}

async fn too_many_frames_end_the_connection(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut socket = ann.socket(app.node()).await;
    for _ in 0..300 {
        socket.try_send_text(r#"{"type":"ping"}"#).await;
    }
    let (frames, (code, reason)) = socket.until_closed().await;
    assert!(frames.len() >= 60 && frames.len() <= 180, "{}", frames.len());
    assert!(
        code == 1008 && reason.starts_with("RATE_LIMITED"),
        "{code} {reason}"
    );
}

async fn too_many_channels_end_the_connection(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut socket = ann.socket(app.node()).await;
    let mut answered = 0;
    for number in 0..=100 {
        let channel = format!("room:{number}");
        let subscribe = json!({"type": "subscribe", "channel": channel});
        socket.try_send_text(&subscribe.to_string()).await;
        if number < 100 {
            answered += 1;
            socket.expect("subscribed").await;
            // Another window of frames.
            if number == 55 {
                app.advance(10 * crate::SECOND);
            }
        }
    }
    assert_eq!((answered, socket.closed().await.0), (100, 1008));
}

async fn trap_17_a_client_that_does_not_read_is_closed_and_others_receive_everything(app: &TestApp) {
    let (admin, node) = (app.admin().await, app.node());
    let (mut slow, mut quick) = (admin.socket(node).await, admin.socket(node).await);
    let mut publisher = admin.socket(node).await;
    slow.subscribe("room:lobby").await;
    quick.subscribe("room:lobby").await;
    // Small messages would fit into the buffers of the system.
    let payload = "x".repeat(60_000);
    let before = node.hub_counts().too_slow;
    let mut sent = 0;
    'sending: loop {
        let publish = json!({"type": "publish", "channel": "room:lobby", "payload": payload});
        for _ in 0..50 {
            publisher.send(publish.clone()).await;
            publisher.expect("published").await;
            assert_eq!(quick.expect("message").await["offset"], sent + 1);
            sent += 1;
            if node.hub_counts().too_slow > before || sent > 2000 {
                break 'sending;
            }
        }
        publisher = admin.socket(node).await;
    }
    assert!(sent <= 2000, "the slow client was never closed");
    assert_eq!(quick.ping().await, Vec::<Value>::new());
}

async fn a_handshake_that_is_none_is_refused(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.get("/ws").await.expect_error(400, "BAD_REQUEST");
    app.client().get("/ws").await.expect_error(400, "BAD_REQUEST");
    ann.post("/ws", json!({})).await.expect(405);
    let node = app.node();
    for headers in [
        &[("sec-websocket-version", "8")][..],
        &[("sec-websocket-key", "c2hvcnQ=")],
        &[("sec-websocket-key", "not base64 at all, is it")],
        &[("upgrade", "h2c")],
        &[("connection", "keep-alive")],
    ] {
        let (status, _) = node.handshake(headers).await;
        assert_eq!(status, 400, "{headers:?}");
    }
}

async fn a_client_that_does_not_authenticate_is_closed(app: &TestApp) {
    let mut socket = app.node().socket(&[]).await;
    // Control frames are no sign-in.
    socket.write_raw(&frame(true, PING, b"", true)).await;
    assert_eq!(socket.closed().await, (1008, "UNAUTHORIZED".to_owned()));
}

async fn a_request_over_a_socket_has_its_line_in_the_log(app: &TestApp) {
    let ann = app.customer("ann").await;
    let path = place(&ann, &app.product(5, 100).await, 1).await;
    let id = path.rsplit('/').next().unwrap();
    let mut socket = ann.socket(app.node()).await;
    socket.subscribe(&format!("orders:{id}")).await;
    socket
        .send(json!({"type": "subscribe", "channel": "user:0199b1f4-7c00-7000-8000-000000000001"}))
        .await;
    socket.expect("error").await;
    let lines = app.request_lines();
    let of_socket: Vec<&Value> = lines.iter().filter(|line| line["method"] == "ws").collect();
    let facts = |line: &Value| [&line["route"], &line["status"], &line["user"]].map(Clone::clone);
    assert_eq!(
        facts(of_socket[0]),
        [json!("subscribe"), json!(200), json!(ann.id)]
    );
    assert_eq!(
        facts(of_socket[1]),
        [json!("subscribe"), json!(403), json!(ann.id)]
    );
    let opened = lines
        .iter()
        .any(|line| line["path"] == "/ws" && line["status"] == 101);
    assert!(opened, "{lines:?}");
    app.run_jobs().await;
}
