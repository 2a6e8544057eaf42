use super::WebhookReceiver;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay_domain::time::Timestamp;
use mainstay_engine::audit::{HeadReceiver as _, SignedHead};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::hmac_sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const SECRET: [u8; 32] = [9; 32];

fn head() -> SignedHead {
    SignedHead {
        id: "msg_1".to_owned(),
        at: Timestamp::from_seconds(1_795_341_600),
        seq: 42,
        hash: "ab".repeat(32),
        seal: "cd".repeat(32),
    }
}

/// Starts a receiver that sends one response. Returns its URL and a task that yields the request it received.
async fn receiver(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/heads", listener.local_addr().unwrap());
    let received = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !is_whole(&request) {
            let mut part = [0; 1024];
            let count = stream.read(&mut part).await.unwrap();
            assert!(count > 0, "the request broke off");
            request.extend_from_slice(&part[..count]);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap()
    });
    (url, received)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((headers, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let mut headers = headers.lines().filter_map(|line| line.split_once(": "));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.is_some_and(|(_, length)| length.parse() == Ok(body.len()))
}

fn secret() -> Option<Secret<Vec<u8>>> {
    Some(Secret::new(SECRET.to_vec()))
}

#[tokio::test]
async fn the_head_is_posted_and_signed() {
    let (url, received) = receiver("HTTP/1.1 204 No Content\r\n\r\n").await;
    let webhook = WebhookReceiver::new(url, secret()).unwrap();
    webhook.receive(&head()).await.unwrap();
    let request = received.await.unwrap();
    let (headers, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(headers.starts_with("POST /heads HTTP/1.1"), "{headers}");
    let header = |name: &str| {
        let mut lines = headers.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).unwrap().1
    };
    assert_eq!(
        (header("webhook-id"), header("webhook-timestamp")),
        ("msg_1", "1795341600")
    );
    let signed = format!("msg_1.1795341600.{body}");
    let mac = STANDARD.encode(hmac_sha256(&SECRET, signed.as_bytes()));
    assert_eq!(header("webhook-signature"), format!("v1,{mac}"));
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&body["type"], &body["data"]["seq"]),
        (&"audit.head".into(), &42.into())
    );
    assert_eq!(body["data"]["hash"], "ab".repeat(32));
    assert_eq!(body["data"]["seal"], "cd".repeat(32));
}

#[tokio::test]
async fn what_is_no_success_is_a_failure_and_a_redirect_is_not_followed() {
    for answer in [
        "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    ] {
        let (url, received) = receiver(answer).await;
        let webhook = WebhookReceiver::new(url, None).unwrap();
        let error = webhook.receive(&head()).await.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("answered"), "{cause}");
        let request = received.await.unwrap();
        assert!(!request.contains("webhook-signature"), "{request}");
    }
}

#[tokio::test]
async fn a_receiver_that_is_away_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let webhook = WebhookReceiver::new(url, None).unwrap();
    assert!(webhook.receive(&head()).await.is_err());
}
