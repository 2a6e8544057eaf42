//! Mail over a real mail server: PyPI `aiosmtpd`, with TLS by a certificate of the test, and a password.

use crate::HOUR;
use mainstay_engine::job::runner::JobResult;
use mainstay_testkit::{
    Client, MailCertificate, MailEncryption, MailServer, Node, ReceivedMail, TestApp, on_both_engines,
};
use serde_json::{Value, json};

on_both_engines! {
    mails_arrive_over_starttls_and_their_links_work;
    mails_arrive_over_implicit_tls_and_their_links_work;
    a_server_with_a_wrong_certificate_gets_neither_mail_nor_password;
    mails_wait_while_the_server_is_down_and_arrive_once;
    a_wrong_password_keeps_the_mail;
}

const PASSWORD: &str = "walks in the rain";

fn address(name: &str) -> String {
    format!("{name}@example.com")
}

/// Registers an account, whose mail then waits; returns a client that is signed in to it.
async fn register(node: &Node, name: &str) -> Client {
    let body = json!({"email": address(name), "password": PASSWORD, "name": name});
    let answer = node.client().post("/api/auth/register", body).await.expect(201);
    node.client()
        .bearer(answer.data()["accessToken"].as_str().unwrap())
}

/// Runs the waiting jobs; returns the results of those that send mail.
async fn send(app: &TestApp, node: &Node) -> Vec<JobResult> {
    let ran = app.run_jobs_on(node).await.into_iter();
    ran.filter(|(kind, _)| kind == "mail.account")
        .map(|(_, result)| result)
        .collect()
}

/// Sends the waiting mail; returns the first one that arrives with a token of this kind, and the token.
async fn arrived(
    app: &TestApp,
    node: &Node,
    server: &mut MailServer,
    prefix: &str,
) -> (ReceivedMail, String) {
    assert!(
        send(app, node)
            .await
            .iter()
            .all(|result| *result == JobResult::Done)
    );
    loop {
        let mail = server.message().await;
        if mail.text.contains(&format!("#{prefix}")) {
            let token = mail.token(prefix);
            return (mail, token);
        }
    }
}

async fn mails_arrive_over_starttls_and_their_links_work(app: &TestApp) {
    the_links_of_mails_work(app, MailEncryption::StartTls).await;
}

async fn mails_arrive_over_implicit_tls_and_their_links_work(app: &TestApp) {
    the_links_of_mails_work(app, MailEncryption::Implicit).await;
}

async fn the_links_of_mails_work(app: &TestApp, encryption: MailEncryption) {
    let Some(mut server) = MailServer::start(encryption).await else {
        return;
    };
    let node = app.another_node_mailing(&server.url()).await;
    let ann = register(&node, "ann").await;
    let (mail, token) = arrived(app, &node, &mut server, "mve_").await;
    assert_eq!(
        (&*mail.user, &*mail.sender, mail.recipients),
        ("mainstay", "no-reply@localhost", vec![address("ann")])
    );
    assert_eq!(
        (&mail.headers["subject"], &mail.headers["to"]),
        (&json!("Confirm your e-mail address"), &json!(address("ann")))
    );
    assert!(mail.text.contains(node.url()), "{}", mail.text);
    let answer = ann.post("/api/auth/email/verify", json!({"token": token})).await;
    assert_eq!(answer.expect(200).data()["passwordRemoved"], false);

    let forgot = json!({"email": address("ann")});
    node.client()
        .post("/api/auth/password/forgot", forgot)
        .await
        .expect(202);
    let (_, token) = arrived(app, &node, &mut server, "mrp_").await;
    let reset = json!({"token": token, "password": "runs in the snow"});
    node.client()
        .post("/api/auth/password/reset", reset)
        .await
        .expect(204);
    let login = json!({"email": address("ann"), "password": "runs in the snow"});
    node.client().post("/api/auth/login", login).await.expect(200);

    let link = json!({"email": address("ann")});
    let answer = node.client().post("/api/auth/magic-link", link).await.expect(202);
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap();
    let (_, token) = arrived(app, &node, &mut server, "mml_").await;
    let browser = node.client().header("cookie", cookie);
    let answer = browser
        .post("/api/auth/magic-link/verify", json!({"token": token}))
        .await;
    assert_eq!(answer.expect(200).data()["user"]["email"], address("ann"));
    app.run_jobs_on(&node).await;
    node.stop().await;
}

/// The last error of the job that sends mail.
async fn last_error(app: &TestApp) -> String {
    let rows = app
        .query_raw("SELECT last_error FROM jobs WHERE kind = 'mail.account' AND state = 'retrying'")
        .await;
    rows[0][0].clone().unwrap()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect()
}

async fn a_server_with_a_wrong_certificate_gets_neither_mail_nor_password(app: &TestApp) {
    for (name, encryption) in [
        ("ann", MailEncryption::StartTls),
        ("bob", MailEncryption::Implicit),
    ] {
        let Some(mut server) = MailServer::start(encryption).await else {
            return;
        };
        let node = app.another_node_mailing(&server.url()).await;
        register(&node, name).await;
        for certificate in [
            MailCertificate::OfAnotherName,
            MailCertificate::OfAnotherAuthority,
        ] {
            server.stop().await;
            server.start_again(certificate).await;
            assert_eq!(
                send(app, &node).await,
                [JobResult::Retrying],
                "{encryption:?} {certificate:?}"
            );
            let error = last_error(app).await;
            assert!(error.contains("certificate"), "{error}");
            let events = server.stop().await;
            assert!(
                kinds(&events).iter().all(|kind| *kind == "connection"),
                "{events:?}"
            );
            app.advance(HOUR);
        }
        server.start_again(MailCertificate::Good).await;
        let (mail, _) = arrived(app, &node, &mut server, "mve_").await;
        assert_eq!(mail.recipients, [address(name)]);
        node.stop().await;
    }
}

async fn mails_wait_while_the_server_is_down_and_arrive_once(app: &TestApp) {
    let Some(mut server) = MailServer::start(MailEncryption::StartTls).await else {
        return;
    };
    let node = app.another_node_mailing(&server.url()).await;
    register(&node, "ann").await;
    arrived(app, &node, &mut server, "mve_").await;
    // The mailer holds a connection, which the server now cuts.
    server.stop().await;
    let names = ["bob", "cid", "dan"];
    for name in names {
        register(&node, name).await;
    }
    for _ in 0..3 {
        assert_eq!(send(app, &node).await, [JobResult::Retrying; 3]);
        app.advance(HOUR);
    }
    server.start_again(MailCertificate::Good).await;
    assert_eq!(send(app, &node).await, [JobResult::Done; 3]);
    let mut recipients = Vec::new();
    for _ in names {
        recipients.extend(server.message().await.recipients);
    }
    recipients.sort_unstable();
    assert_eq!(recipients, names.map(address));
    let events = server.stop().await;
    assert!(!kinds(&events).contains(&"message"), "{events:?}");
    node.stop().await;
}

async fn a_wrong_password_keeps_the_mail(app: &TestApp) {
    let Some(mut server) = MailServer::start(MailEncryption::Implicit).await else {
        return;
    };
    let wrong = app
        .another_node_mailing(&server.url_with("not the password"))
        .await;
    register(&wrong, "ann").await;
    assert_eq!(send(app, &wrong).await, [JobResult::Retrying]);
    assert!(
        !server.authentication().await,
        "the server accepted a wrong password"
    );
    let error = last_error(app).await;
    assert!(
        error.contains("535") && !error.contains("not the password"),
        "{error}"
    );
    wrong.stop().await;
    // An administrator corrects the setting.
    let right = app.another_node_mailing(&server.url()).await;
    app.advance(HOUR);
    let (mail, _) = arrived(app, &right, &mut server, "mve_").await;
    assert_eq!(mail.recipients, [address("ann")]);
    right.stop().await;
}
