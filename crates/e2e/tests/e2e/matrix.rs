//! The permission matrix: every role calls every operation of the running app.

use mainstay_testkit::{Client, TestApp, on_both_engines};
use serde_json::json;
use std::fmt::Write as _;

on_both_engines! {
    the_permission_matrix_matches_the_reviewed_one;
}

const CALLERS: [&str; 6] = ["anonymous", "customer", "owner", "support", "manager", "admin"];

/// Resources of another customer, or of the owner, created anew for each call.
struct Targets {
    user: String,
    product: String,
    order: String,
    job: String,
}

async fn the_permission_matrix_matches_the_reviewed_one(app: &TestApp) {
    let mut text = String::from(
        "# Who may do what, as the running app answers. `customer` requests rows of another customer, `owner` their own.\n\
         # yes: let in; no: 403; hidden: 404; sign in: 401. Checked by an end-to-end test; UPDATE_CONTRACTS=1 writes it.\n\n",
    );
    write!(text, "{:<44}", "").unwrap();
    for caller in CALLERS {
        write!(text, " {caller:<9}").unwrap();
    }
    text.push('\n');
    for row in app.node().routes() {
        let mut line = format!("{:<44}", format!("{} {}", row.method, row.path));
        for caller in CALLERS {
            let outcome = outcome_of(app, caller, row.method, &row.path).await;
            write!(line, " {outcome:<9}").unwrap();
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("\n# Over a WebSocket: channels of another customer, or of the owner.\n\n");
    for row in app.node().frames() {
        let mut line = format!("{:<44}", format!("{} {}", row.method, row.path));
        for caller in CALLERS {
            let outcome = outcome_of_frame(app, caller, row.method, &row.path).await;
            write!(line, " {outcome:<9}").unwrap();
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    super::contract::hold(app, "permission-matrix.txt", &text);
    app.leave_jobs();
}

/// What a caller gets for a frame about a channel.
async fn outcome_of_frame(app: &TestApp, caller: &str, frame: &str, channel: &str) -> &'static str {
    let victim = app.customer("victim").await;
    let targets = match channel.starts_with("orders:") {
        true => things(app, "/api/orders/{id}", &victim).await.order,
        false => victim.id.clone(),
    };
    let channel = channel.replace("{id}", &targets).replace("{name}", "lobby");
    let user = match caller {
        "anonymous" => None,
        "owner" => Some(victim),
        "admin" => Some(app.admin().await),
        role => Some(app.member(role, role).await),
    };
    let frame = match frame {
        "publish" => json!({"type": frame, "channel": channel, "payload": 1}),
        _ => json!({"type": frame, "channel": channel}),
    };
    let Some(user) = user else {
        let mut socket = app.node().socket(&[]).await;
        socket.send(frame).await;
        assert_eq!(socket.closed().await, (1008, "UNAUTHORIZED".to_owned()));
        return "sign in";
    };
    let mut socket = user.socket(app.node()).await;
    socket.send(frame).await;
    let answer = socket.next().await;
    match (answer["type"].as_str(), answer["code"].as_str()) {
        (Some("subscribed" | "published"), None) => "yes",
        (Some("error"), Some("FORBIDDEN")) => "no",
        _ => panic!("{caller}: {answer}"),
    }
}

async fn outcome_of(app: &TestApp, caller: &str, method: &str, path: &str) -> &'static str {
    let victim = app.customer("victim").await;
    let things = things(app, path, &victim).await;
    let client: Client = match caller {
        "anonymous" => app.client(),
        "owner" => (*victim).clone(),
        "admin" => (*app.admin().await).clone(),
        role => (*app.member(role, role).await).clone(),
    };
    let id = match path.split('/').nth(2).unwrap_or_default() {
        "users" => &things.user,
        "orders" => &things.order,
        "jobs" => &things.job,
        _ => &things.product,
    };
    let target = path
        .replace("{id}", id)
        .replace(
            "{name}",
            if path.starts_with("/api/roles") {
                "spare"
            } else {
                "read:order"
            },
        )
        .replace("{file}", "swagger-ui.css");
    let answer = match method {
        "GET" | "DELETE" => client.request(method, &target, None).await,
        _ => {
            client
                .request(method, &target, Some(("application/json", b"{}".to_vec())))
                .await
        }
    };
    assert!(answer.status < 500, "{caller}: {answer:?}");
    // Sign-in answers 401 to a wrong password, not to a caller without access.
    match (answer.status, answer.code().as_str()) {
        (401, "UNAUTHORIZED") if path.ends_with("/refresh") => "yes",
        (401, _) => "sign in",
        (403, _) => "no",
        (404, _) => "hidden",
        _ => "yes",
    }
}

async fn things(app: &TestApp, path: &str, victim: &mainstay_testkit::TestUser) -> Targets {
    let mut things = Targets {
        user: victim.id.clone(),
        product: String::new(),
        order: String::new(),
        job: String::new(),
    };
    if path == "/api/roles/{name}" {
        let role = json!({"name": "spare", "permissions": []});
        let created = app.admin().await.post("/api/roles", role).await;
        assert!([201, 409].contains(&created.status), "{created:?}");
    }
    if !path.contains("{id}") {
        return things;
    }
    if path.contains("{name}") {
        let grant = json!({"permission": "read:order"});
        app.admin()
            .await
            .post(&format!("/api/users/{}/permissions", victim.id), grant)
            .await
            .expect(201);
        return things;
    }
    if path.starts_with("/api/users/") {
        let own = format!("/api/users/{}/permissions/read:order", victim.id);
        app.admin().await.delete(&own).await;
        return things;
    }
    let product = app.product(5, 100).await;
    if !path.starts_with("/api/products/") {
        let order = crate::order_cancel_expire::place(victim, &product, 1).await;
        things.order = order.rsplit('/').next().unwrap().to_owned();
    }
    if path.starts_with("/api/jobs/") {
        victim
            .post_nothing(&format!("/api/orders/{}/pay", things.order))
            .await
            .expect(202);
        let jobs = app
            .admin()
            .await
            .get("/api/jobs?limit=1")
            .await
            .expect(200)
            .list();
        things.job = jobs[0]["id"].as_str().unwrap().to_owned();
    }
    things.product = product.id;
    things
}
