//! Starting and stopping the server, and its output.

use crate::harness::{Home, Server, Shop, order, text, until};
use crate::on_both_engines;
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines! {
    async fn prints_its_address_and_exits_with_0_on_sigterm(home: Home) {
        let server = home.serve().await;
        let port: u16 = server.url().rsplit_once(':').unwrap().1.parse().unwrap();
        assert!(server.url().starts_with("http://127.0.0.1:") && port != 0, "{}", server.url());
        assert_eq!(server.client().get("/health/ready").await.status, 200);
        server.signal("TERM");
        let (status, out, err) = server.exited().await;
        assert_eq!(status.code(), Some(0), "{err:?}");
        assert!(err.is_empty(), "{err:?}");
        // Every other line is a log record: one JSON object.
        for line in out.iter().filter(|line| !is_for_users(line)) {
            let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert!(record["level"].is_string() && record["timestamp"].is_string(), "{line}");
        }
        assert!(out.iter().any(|line| line.contains("\"path\":\"/health/ready\"")), "{out:#?}");
        assert!(out.last().unwrap().contains("stopped"), "{out:#?}");
    }

    async fn the_setup_link_of_the_first_start_creates_one_administrator(home: Home) {
        let mut server = home.serve().await;
        let link = server.line("create the first administrator: ").await;
        let (page, token) = link.split_once('#').unwrap();
        assert_eq!(page, format!("{}/setup", server.url()));
        assert!(token.starts_with("mst_"), "{token}");
        let claim = |email: &str| {
            json!({"token": token, "email": email, "password": "a long walk in the rain", "name": "Ada"})
        };
        let created = server.client().post("/api/auth/setup", claim("ada@example.com")).await.data(201);
        assert_eq!(created["user"]["role"], "admin", "{created}");
        let again = server.client().post("/api/auth/setup", claim("eve@example.com")).await;
        assert!(again.status == 401 || again.status == 409, "{again:?}");
        assert!(server.out().iter().filter(|line| line.contains("mst_")).count() == 1, "the log contains the token");
        server.stop().await;
        let server = home.serve().await;
        assert_eq!(server.client().get("/health").await.status, 200);
        assert!(server.out().iter().all(|line| !line.contains("administrator:")), "{:#?}", server.out());
        server.stop().await;
    }
}

fn is_for_users(line: &str) -> bool {
    [
        "listening on ",
        "create the first administrator: ",
        "demo customer: ",
    ]
    .iter()
    .any(|head| line.starts_with(head))
}

#[tokio::test(flavor = "multi_thread")]
async fn without_configuration_it_serves_and_stores_everything_in_data() {
    let home = Home::sqlite();
    // No command and no environment; only the port, because the default one may be in use.
    let mut server = Server::start(home.bare_command(&["--port", "0", "--demo"])).await;
    let demo = server.line("demo customer: ").await;
    let (email, password) = demo.split_once(" with the password ").unwrap();
    let tokens = server
        .client()
        .post("/api/auth/login", json!({"email": email, "password": password}))
        .await
        .data(200);
    assert_eq!(tokens["user"]["role"], "customer");
    let products = server.client().get("/api/products").await;
    assert_eq!(products.body["pagination"]["total"], 6, "{}", products.body);
    server.stop().await;
    let entries: Vec<_> = std::fs::read_dir(home.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(entries, ["data"]);
    assert!(home.path("data/mainstay.db").exists() && home.path("data/master.key").exists());
    let again = Server::start(home.bare_command(&["serve", "--port", "0", "--demo"])).await;
    assert_eq!(
        again.client().get("/api/products").await.body["pagination"]["total"],
        6,
        "the demo data is created once"
    );
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_running_requests_and_a_second_signal_stops_at_once() {
    let home = Home::sqlite();
    let mut command = home.command(&["serve"]);
    command.env("SHUTDOWN_TIMEOUT", "1h").env("REQUEST_TIMEOUT", "1h");
    let server = Server::start(command).await;
    // An incomplete request: the server waits for the rest of it.
    let address = server.url().trim_start_matches("http://").to_owned();
    let mut half = std::net::TcpStream::connect(&address).unwrap();
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    std::io::Write::write_all(&mut half, head.as_bytes()).unwrap();
    // The request is known to be in progress once a later one has been answered.
    assert_eq!(server.client().get("/health").await.status, 200);
    server.signal("TERM");
    until(
        "the server logs that it is stopping",
        Duration::from_secs(10),
        || async {
            server
                .out()
                .iter()
                .any(|line| line.contains("stopping: open requests and running jobs are finished first"))
                .then_some(())
        },
    )
    .await;
    server.signal("INT");
    let (status, _, err) = server.exited().await;
    assert_eq!(status.code(), Some(1), "{err:?}");
    assert_eq!(err, ["mainstay: a second signal (SIGINT): stopped at once"]);
    drop(half);
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_go_to_files_as_json_and_to_the_terminal_as_text() {
    let home = Home::sqlite();
    let mut command = home.command(&["serve"]);
    command.env("LOG_DIR", "logs").env("LOG_FORMAT", "pretty");
    let server = Server::start(command).await;
    assert_eq!(
        server.client().get("/api/products?secret=hunter2").await.status,
        400
    );
    server.stop().await;
    let combined = std::fs::read_to_string(home.path("logs/combined.log")).unwrap();
    assert!(
        combined
            .lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{combined}"
    );
    assert!(
        combined.contains("/api/products") && !combined.contains("hunter2"),
        "{combined}"
    );
}

on_both_engines! {
    async fn a_process_runs_only_its_roles(home: Home) {
        let with = |roles: &str| {
            let mut command = home.command(&["serve"]);
            command.env("ROLES", roles);
            Server::start(command)
        };
        let api = with("api").await;
        let shop = Shop::open(&home, &api).await;
        let (product, ann) = (shop.add("MUG", 3).await, shop.customer("ann").await);
        let placed = order(&ann, &product, 1, "one").await.unwrap().data(201);
        let placed = text(&placed["id"]);
        ann.post(&format!("/api/orders/{placed}/pay"), json!({})).await.payment();
        let worker = with("worker").await;
        for (path, status) in [("/health", 200), ("/health/ready", 200), ("/metrics", 401)] {
            assert_eq!(worker.client().get(path).await.status, status, "{path}");
        }
        for path in ["/api/products", "/openapi.json", "/docs/", "/.well-known/jwks.json", "/api/users/me"] {
            let answer = worker.client().get(path).await;
            assert_eq!((answer.status, answer.code()), (404, "NOT_FOUND"), "{path}");
        }
        let worker_has_no_stream = worker.client().get("/api/stream?channels=products").await;
        // The `api` process has left the job to the `worker` process.
        shop.until_order_is(&placed, "paid", Duration::from_secs(60)).await;
        worker.stop().await;
        let placed = text(&order(&ann, &product, 1, "two").await.unwrap().data(201)["id"]);
        ann.post(&format!("/api/orders/{placed}/pay"), json!({})).await.payment();
        let jobs = home.run(&["jobs", "list", "--state", "queued", "--json"]).json();
        assert_eq!(jobs[0]["kind"], "payment.charge", "{jobs}");
        let realtime = with("realtime").await;
        assert_eq!(realtime.client().get("/api/products").await.status, 404);
        assert_eq!(realtime.client().get("/api/stream?channels=products").await.status, 401);
        assert_eq!(worker_has_no_stream.status, 404);
        realtime.stop().await;
        api.stop().await;
    }
}
