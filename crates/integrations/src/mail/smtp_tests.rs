//! Tests of the SMTP mailer against a small server in this process.

use super::letter::{Sender, example};
use super::smtp::SmtpMailer;
use mainstay_domain::Error;
use mainstay_domain::email::Email;
use mainstay_domain::error::Code;
use mainstay_domain::time::Timestamp;
use mainstay_engine::mail::{Mailer as _, Message};
use mainstay_platform::clock::ManualClock;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail server that records the lines it receives.
struct Server {
    port: u16,
    log: Arc<Mutex<Vec<String>>>,
}

/// Replies to lines that begin with a word; an empty reply sends none. Other lines get a standard reply.
type Answers = &'static [(&'static str, &'static str)];

impl Server {
    async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, log) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::default()));
        let kept = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, answers, Arc::clone(&kept)));
            }
        });
        Self { port, log }
    }

    fn mailer(&self, user: &str, parameters: &str) -> SmtpMailer {
        let url = format!("smtp://{user}127.0.0.1:{}{parameters}", self.port);
        let sender = Sender::parse("Shop <no-reply@shop.example>").unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000)));
        SmtpMailer::new(&url, sender, clock).unwrap()
    }

    fn count(&self, line: &str) -> usize {
        self.log
            .lock()
            .iter()
            .filter(|text_of| text_of.starts_with(line))
            .count()
    }
}

async fn converse(stream: TcpStream, answers: Answers, log: Arc<Mutex<Vec<String>>>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut line = "CONNECT".to_owned();
    let mut in_letter = false;
    loop {
        log.lock().push(line.clone());
        let usual = match line.split([' ', ':']).next().unwrap_or_default() {
            "." => "250 taken",
            _ if in_letter => "",
            "CONNECT" => "220 ready",
            "EHLO" => "250-here\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
            "DATA" => "354 go on",
            "AUTH" => "235 come in",
            _ => "250 yes",
        };
        let special = answers
            .iter()
            .find(|(word, _)| line.starts_with(word) && !in_letter);
        let answer = special.map_or(usual, |(_, answer)| answer);
        in_letter = answer.starts_with("354") || (in_letter && line != ".");
        if !answer.is_empty()
            && writer
                .write_all(format!("{answer}\r\n").as_bytes())
                .await
                .is_err()
        {
            return;
        }
        match lines.next_line().await {
            Ok(Some(next)) => line = next,
            _ => return,
        }
    }
}

/// The error's `Display` and `Debug` texts, as a log line would contain them.
fn text_of(error: &Error) -> String {
    format!("{error} {error:?}")
}

#[tokio::test]
async fn messages_arrive_under_one_id_over_one_connection() {
    let server = Server::start(&[]).await;
    let mailer = server.mailer("", "");
    mailer.send(&example()).await.unwrap();
    mailer.send(&example()).await.unwrap();
    mailer.check().await.unwrap();
    assert_eq!(server.count("CONNECT"), 1);
    assert_eq!(server.count("MAIL FROM:<no-reply@shop.example>"), 2);
    assert_eq!(server.count("RCPT TO:<buyer@example.com>"), 2);
    assert_eq!(server.count("Message-ID: <order-paid-1@shop.example>"), 2);
}

fn to(address: &str) -> Message {
    Message {
        to: Email::parse(address).unwrap(),
        ..example()
    }
}

#[tokio::test]
async fn a_domain_outside_of_ascii_needs_no_extension() {
    let server = Server::start(&[]).await;
    let mailer = server.mailer("", "");
    mailer.send(&to("x@bücher.example")).await.unwrap();
    assert_eq!(server.count("RCPT TO:<x@xn--bcher-kva.example>"), 1);
    assert_eq!(server.count("To: x@xn--bcher-kva.example"), 1);
}

#[tokio::test]
async fn a_name_outside_of_ascii_is_refused_for_good_by_a_server_without_smtputf8() {
    let server = Server::start(&[]).await;
    let mailer = server.mailer("", "");
    let error = mailer.send(&to("josé@bücher.example")).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidState);
    assert!(error.to_string().contains("SMTPUTF8"), "{error}");
    assert!(!text_of(&error).contains("josé"), "{error:?}");
    assert_eq!(server.count("MAIL"), 0);
    // The connection is still usable.
    mailer.send(&example()).await.unwrap();
    assert_eq!((server.count("CONNECT"), server.count("MAIL")), (1, 1));
    let server = Server::start(&[("EHLO", "250-here\r\n250-8BITMIME\r\n250 SMTPUTF8")]).await;
    server
        .mailer("", "")
        .send(&to("josé@bücher.example"))
        .await
        .unwrap();
    assert_eq!(server.count("RCPT TO:<josé@xn--bcher-kva.example>"), 1);
    assert_eq!(
        server
            .log
            .lock()
            .iter()
            .filter(|line| line.starts_with("MAIL") && line.contains("SMTPUTF8"))
            .count(),
        1
    );
}

#[tokio::test]
async fn a_refusal_for_good_is_not_worth_another_try_and_names_no_recipient() {
    let server = Server::start(&[("RCPT", "550 5.1.1 <buyer@example.com> hunter2 unknown")]).await;
    let error = server.mailer("", "").send(&example()).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidState);
    assert_eq!(error.to_string(), "the mail server refused the message (550)");
    assert!(
        !text_of(&error).contains("buyer") && !text_of(&error).contains("hunter2"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_refusal_for_now_may_be_tried_again_and_names_no_recipient() {
    for answers in [
        &[("RCPT", "451 <buyer@example.com> later")] as Answers,
        &[("CONNECT", "554 buyer")],
    ] {
        let server = Server::start(answers).await;
        let error = server.mailer("", "").send(&example()).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        assert!(!text_of(&error).contains("buyer"), "{error:?}");
    }
}

#[tokio::test]
async fn an_unreadable_answer_is_not_quoted() {
    let server = Server::start(&[("RCPT", "buyer@example.com?")]).await;
    let error = server.mailer("", "").send(&example()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(!text_of(&error).contains("buyer"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let server = Server::start(&[]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = Server {
        port: listener.local_addr().unwrap().port(),
        log: Arc::clone(&server.log),
    };
    drop(listener);
    let mailer = closed.mailer("", "");
    assert_eq!(mailer.check().await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(
        mailer.send(&example()).await.unwrap_err().code(),
        Code::Unavailable
    );
}

#[tokio::test]
async fn a_password_is_not_sent_to_a_server_that_does_not_encrypt() {
    let server = Server::start(&[]).await;
    let error = server
        .mailer("me:hunter2@", "")
        .send(&example())
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!((server.count("AUTH"), server.count("MAIL")), (0, 0));
}

#[tokio::test]
async fn a_wrong_password_keeps_the_message_and_the_secret() {
    let server = Server::start(&[("AUTH", "535 not hunter2")]).await;
    let error = server
        .mailer("me:hunter2@", "?tls=none")
        .send(&example())
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(!text_of(&error).contains("hunter2"), "{error:?}");
    assert_eq!((server.count("AUTH PLAIN"), server.count("MAIL")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_is_given_up_and_its_connection_with_it() {
    for word in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"] {
        let answers: Answers = match word {
            "CONNECT" => &[("CONNECT", "")],
            "EHLO" => &[("EHLO", "")],
            "MAIL" => &[("MAIL", "")],
            "RCPT" => &[("RCPT", "")],
            _ => &[("DATA", "")],
        };
        let server = Server::start(answers).await;
        let mailer = server.mailer("", "");
        let error = mailer.send(&example()).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable, "{word}");
        // The second message must not read the replies to the first.
        mailer.send(&example()).await.unwrap_err();
        assert_eq!(server.count("CONNECT"), 2, "{word}");
    }
}
