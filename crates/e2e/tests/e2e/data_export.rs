//! The export of everything that is stored about an account.

use crate::email::subjects;
use crate::order_cancel_expire::place;
use crate::{HOUR, MINUTE, SECOND};
use mainstay_testkit::{Client, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};
use zip::ZipArchive;

on_both_engines! {
    an_export_holds_everything_about_the_account_and_no_secret;
    an_export_is_made_and_downloaded_on_any_node;
    a_large_account_is_read_page_by_page;
    an_export_needs_a_step_up_and_a_session;
    trap_05_an_export_is_for_its_owner_alone;
    one_export_at_a_time_and_three_a_day;
    an_export_expires_and_is_removed;
    trap_19_two_requests_at_once_make_one_export;
    an_account_that_is_deleted_meanwhile_is_not_exported;
    a_worker_that_was_thought_dead_does_not_spoil_the_archive;
    an_export_that_fails_may_be_requested_again;
    the_download_ends_with_the_session;
}

const EXPORT: &str = "/api/users/me/export";
const DOWNLOAD: &str = "/api/users/me/export/download";

/// The files of an archive by their names, parsed.
fn opened(archive: &[u8]) -> BTreeMap<String, Value> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut files = BTreeMap::new();
    for number in 0..archive.len() {
        let mut file = archive.by_index(number).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        files.insert(name, value);
    }
    files
}

/// Requests an export, makes it and downloads it.
async fn exported(app: &TestApp, user: &TestUser) -> BTreeMap<String, Value> {
    user.step_up().await;
    exported_after_step_up(app, user).await
}

async fn exported_after_step_up(app: &TestApp, user: &TestUser) -> BTreeMap<String, Value> {
    user.post_nothing(EXPORT).await.expect(202);
    let ran = app.run_jobs().await;
    assert!(
        ran.iter()
            .all(|(_, result)| matches!(result, mainstay_engine::job::runner::JobResult::Done)),
        "{ran:?}"
    );
    opened(&user.get(DOWNLOAD).await.expect(200).body)
}

async fn count(app: &TestApp, from: &str) -> String {
    let rows = app
        .query_raw(&format!("SELECT CAST(count(*) AS TEXT) FROM {from}"))
        .await;
    rows[0][0].clone().unwrap()
}

/// The values of a column of secrets, as text; bytes in hexadecimal.
async fn secrets_in(app: &TestApp, table: &str, column: &str) -> Vec<String> {
    let hex = match app.database_engine() {
        mainstay_testkit::Engine::Sqlite => format!("lower(hex({column}))"),
        mainstay_testkit::Engine::Postgres => format!("encode({column}, 'hex')"),
    };
    let text = if column == "password_hash" {
        column.to_owned()
    } else {
        hex
    };
    let rows = app.query_raw(&format!("SELECT {text} FROM {table}")).await;
    rows.into_iter().filter_map(|row| row[0].clone()).collect()
}

async fn an_export_holds_everything_about_the_account_and_no_secret(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let product = app.product(50, 1450).await;
    let order = place(&ann, &product, 2).await;
    let of_bob = place(&bob, &product, 1).await;
    ann.post_nothing(&format!("{order}/pay")).await.expect(202);
    ann.step_up().await;
    let key = json!({"name": "nightly", "scopes": ["create:order"], "networks": ["127.0.0.0/8"]});
    let key = ann.post("/api/auth/api-keys", key).await.expect(201).data();
    let authenticator = app.enrol(&ann).await;
    let grant = json!({"permission": "read:order", "expiresIn": 3600});
    let grants = format!("/api/users/{}/permissions", ann.id);
    app.admin().await.post(&grants, grant).await.expect(201);
    app.client()
        .post(
            "/api/auth/login",
            json!({"email": ann.email, "password": "wrong"}),
        )
        .await
        .expect(401);
    app.engine().security().flush().await.unwrap();
    authenticator.step_up(app, &ann).await;
    let files = exported_after_step_up(app, &ann).await;

    let profile = &files["profile.json"];
    assert_eq!(
        (&profile["id"], &profile["email"]),
        (&json!(ann.id), &json!(ann.email))
    );
    assert_eq!(
        (&profile["mfaEnabled"], &profile["deletionAt"]),
        (&json!(true), &Value::Null)
    );
    let listed = &files["manifest.json"]["files"];
    for name in listed.as_array().unwrap() {
        let rows = &files[name.as_str().unwrap()];
        let is_empty = rows.as_array().is_some_and(Vec::is_empty);
        let unused = name == "identities.json" || name == "passkeys.json";
        assert_eq!(is_empty, unused, "{name}: {rows}");
    }
    assert_eq!(files.len(), listed.as_array().unwrap().len() + 1);
    let orders = files["orders.json"].as_array().unwrap();
    assert_eq!(orders.len(), 1, "{orders:?}");
    assert_eq!(orders[0]["totalAmount"], 2900);
    assert_eq!(orders[0]["items"][0]["quantity"], 2);
    assert_eq!(files["payments.json"][0]["orderId"], orders[0]["id"]);
    assert_eq!(files["api-keys.json"][0]["scopes"], json!(["create:order"]));
    let kinds: BTreeSet<&str> = files["factors.json"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|factor| factor["kind"].as_str())
        .collect();
    assert_eq!(kinds, BTreeSet::from(["password", "recovery-code", "totp"]));
    let granted = files["audit-entries-of-others.json"].as_array().unwrap();
    assert!(
        granted.iter().any(|entry| entry["action"] == "GRANT"),
        "{granted:?}"
    );
    let created = profile["createdAt"].as_str().unwrap();
    assert!(created.ends_with('Z') && created.len() == 24, "{created}");

    let text = json!(files).to_string();
    let mut secrets = vec![
        ann.password.clone(),
        ann.access.clone(),
        ann.refresh.clone(),
        key["secret"].as_str().unwrap().to_owned(),
        bob.email.clone(),
        bob.id.clone(),
        of_bob.rsplit('/').next().unwrap().to_owned(),
    ];
    secrets.extend(authenticator.recovery_codes.clone());
    for (table, column) in [
        ("credentials", "password_hash"),
        ("sessions", "seed"),
        ("totp_factors", "sealed"),
        ("recovery_codes", "digest"),
        ("api_keys", "digest"),
        ("devices", "fingerprint"),
        ("audit_entries", "mac"),
    ] {
        let found = secrets_in(app, table, column).await;
        assert!(!found.is_empty(), "{table}.{column}");
        secrets.extend(found);
    }
    for secret in secrets {
        assert!(secret.len() >= 8 && !text.contains(&secret), "{secret} in {text}");
    }
    for word in [
        "argon2",
        "msk_",
        "digest",
        "sealed",
        "seed",
        "fingerprint",
        "passwordHash",
    ] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

async fn an_export_is_made_and_downloaded_on_any_node(app: &TestApp) {
    let ann = app.customer("ann").await;
    let other = app.another_node().await;
    ann.step_up().await;
    ann.get(EXPORT).await.expect_error(404, "NOT_FOUND");
    let requested = ann.post_nothing(EXPORT).await.expect(202);
    assert_eq!(requested.header("location"), Some(EXPORT));
    let requested = requested.data();
    assert_eq!(
        (&requested["status"], &requested["progress"]),
        (&json!("running"), &json!(0.0))
    );
    ann.get(DOWNLOAD).await.expect_error(409, "INVALID_STATE");
    let jobs = other.engine.jobs().claim(100).await.unwrap();
    other.engine.jobs().run_all(jobs, 1).await;
    app.run_jobs().await;
    let done = other
        .client()
        .bearer(&ann.access)
        .get(EXPORT)
        .await
        .expect(200)
        .data();
    assert_eq!(
        (&done["status"], &done["progress"]),
        (&json!("done"), &json!(1.0))
    );
    assert_eq!(done["expiresAt"], json!(app.now().after(HOUR * 24 * 7)));
    let answer = ann.get(DOWNLOAD).await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    assert_eq!(done["size"], json!(answer.body.len()));
    let name = answer.header("content-disposition").unwrap();
    assert!(name.starts_with("attachment; filename=\"export-20"), "{name}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(opened(&answer.body)["profile.json"]["email"], json!(ann.email));
    let mail = app.mailbox.messages().pop().unwrap();
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        (&*ann.email, "Your data is ready to be downloaded")
    );
    let trail = app.admin().await.get("/api/audit?resource=data-export").await;
    let trail = trail.expect(200).list();
    let actions: BTreeSet<_> = trail
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, BTreeSet::from(["CREATE", "DOWNLOAD", "FINISH"]));
    other.stop().await;
}

async fn a_large_account_is_read_page_by_page(app: &TestApp) {
    let ann = app.customer("ann").await;
    let product = app.product(1000, 100).await;
    let mut numbers = BTreeSet::new();
    for _ in 0..120 {
        let order = place(&ann, &product, 1).await;
        numbers.insert(order.rsplit('/').next().unwrap().to_owned());
    }
    let files = exported(app, &ann).await;
    let ids = |file: &str, field: &str| -> Vec<String> {
        let rows = files[file].as_array().unwrap().iter();
        rows.map(|row| row[field].as_str().unwrap().to_owned()).collect()
    };
    let orders = ids("orders.json", "id");
    assert_eq!(orders.len(), 120);
    assert_eq!(orders.into_iter().collect::<BTreeSet<_>>(), numbers);
    let entries = ids("audit-entries.json", "id");
    assert!(entries.len() > 120, "{}", entries.len());
    let distinct: BTreeSet<_> = entries.iter().collect();
    assert_eq!(distinct.len(), entries.len());
    assert!(entries.is_sorted());
    app.leave_jobs();
}

async fn an_export_needs_a_step_up_and_a_session(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.post_nothing(EXPORT)
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    app.client()
        .post_nothing(EXPORT)
        .await
        .expect_error(401, "UNAUTHORIZED");
    ann.step_up().await;
    let key = json!({"name": "backup", "scopes": ["create:order"]});
    let key = ann.post("/api/auth/api-keys", key).await.expect(201).data();
    let program = app.client().bearer(key["secret"].as_str().unwrap());
    exported(app, &ann).await;
    for refused in [
        program.post_nothing(EXPORT).await,
        program.get(EXPORT).await,
        program.get(DOWNLOAD).await,
    ] {
        refused.expect_error(403, "FORBIDDEN");
    }
    // Who has taken over the session gets the state, and not the data.
    app.advance(MINUTE * 10 + SECOND);
    ann.get(EXPORT).await.expect(200);
    ann.get(DOWNLOAD).await.expect_error(403, "STEP_UP_REQUIRED");
}

async fn trap_05_an_export_is_for_its_owner_alone(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let of_ann = exported(app, &ann).await;
    for other in [&bob, &app.admin().await] {
        other.step_up().await;
        other.get(EXPORT).await.expect_error(404, "NOT_FOUND");
        other.get(DOWNLOAD).await.expect_error(404, "NOT_FOUND");
        let id = ann.get(EXPORT).await.data()["id"].as_str().unwrap().to_owned();
        for path in [
            format!("{EXPORT}/{id}"),
            format!("{DOWNLOAD}/{id}"),
            format!("/api/users/{}/export", ann.id),
        ] {
            other.get(&path).await.expect(404);
        }
        other.get(&format!("{DOWNLOAD}?id={id}")).await.expect(404);
    }
    let of_bob = exported(app, &bob).await;
    assert_eq!(of_bob["profile.json"]["email"], json!(bob.email));
    assert_ne!(of_ann["profile.json"], of_bob["profile.json"]);
    assert!(!json!(of_bob).to_string().contains(&ann.id));
}

async fn one_export_at_a_time_and_three_a_day(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.step_up().await;
    ann.post_nothing(EXPORT).await.expect(202);
    ann.post_nothing(EXPORT).await.expect_error(409, "CONFLICT");
    app.run_jobs().await;
    exported(app, &ann).await;
    app.advance(HOUR);
    let ann = app.sign_in(&ann.email, &ann.password).await;
    exported(app, &ann).await;
    let limited = ann.post_nothing(EXPORT).await.expect_error(429, "RATE_LIMITED");
    assert_eq!(limited.header("retry-after"), Some("82800"));
    app.advance(HOUR * 23);
    let ann = app.sign_in(&ann.email, &ann.password).await;
    exported(app, &ann).await;
}

async fn an_export_expires_and_is_removed(app: &TestApp) {
    let ann = app.customer("ann").await;
    exported(app, &ann).await;
    app.advance(HOUR * 24 * 7 - SECOND);
    app.engine().sweeper().prune().await.unwrap();
    let again = app.sign_in(&ann.email, &ann.password).await;
    again.step_up().await;
    again.get(DOWNLOAD).await.expect(200);
    app.advance(SECOND);
    again.get(EXPORT).await.expect_error(404, "NOT_FOUND");
    again.get(DOWNLOAD).await.expect_error(404, "NOT_FOUND");
    app.advance(SECOND);
    app.engine().sweeper().prune().await.unwrap();
    for table in ["data_exports", "data_export_builds", "data_export_chunks"] {
        assert_eq!(count(app, table).await, "0", "{table}");
    }
    app.leave_jobs();
}

async fn trap_19_two_requests_at_once_make_one_export(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.step_up().await;
    let requests = (0..5).map(|_| {
        let client: Client = (*ann).clone();
        async move { client.post_nothing(EXPORT).await.status }
    });
    let mut statuses = futures_util::future::join_all(requests).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409, 409, 409, 409]);
    app.run_jobs().await;
    assert_eq!(count(app, "data_exports").await, "1");
}

async fn an_account_that_is_deleted_meanwhile_is_not_exported(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.step_up().await;
    ann.post_nothing(EXPORT).await.expect(202);
    // The worker has the job in its hands.
    let jobs = app.engine().jobs().claim(100).await.unwrap();
    let path = format!("/api/users/{}", ann.id);
    let admin = app.admin().await;
    let (removed, ran) = tokio::join!(admin.delete(&path), app.engine().jobs().run_all(jobs, 1));
    removed.expect(204);
    // A chunk that came too late for its account fails the attempt; the next one finds nothing to do.
    app.advance(HOUR);
    app.run_jobs().await;
    for table in ["data_exports", "data_export_builds", "data_export_chunks"] {
        assert_eq!(count(app, table).await, "0", "{table}: {ran:?}");
    }
    assert_eq!(
        count(app, "jobs WHERE kind = 'data-export.build' AND state <> 'done'").await,
        "0"
    );
    app.leave_jobs();
}

async fn a_worker_that_was_thought_dead_does_not_spoil_the_archive(app: &TestApp) {
    let ann = app.customer("ann").await;
    let other = app.another_node().await;
    ann.step_up().await;
    ann.post_nothing(EXPORT).await.expect(202);
    let lost = app.engine().jobs().claim(100).await.unwrap();
    app.advance(MINUTE);
    let again = loop {
        let jobs = other.engine.jobs().claim(100).await.unwrap();
        if jobs.iter().any(|job| job.kind == "data-export.build") {
            break jobs;
        }
        app.advance(MINUTE);
    };
    let (late, ran) = tokio::join!(
        app.engine().jobs().run_all(lost, 1),
        other.engine.jobs().run_all(again, 1)
    );
    app.run_jobs().await;
    let ann = app.sign_in(&ann.email, &ann.password).await;
    let done = ann.get(EXPORT).await.expect(200).data();
    assert_eq!(done["status"], "done", "{late:?} {ran:?}");
    ann.step_up().await;
    let archive = ann.get(DOWNLOAD).await.expect(200).body;
    assert_eq!(done["size"], json!(archive.len()));
    assert_eq!(opened(&archive)["profile.json"]["email"], json!(ann.email));
    let mails = app.mailbox.messages();
    let mails = mails.iter().filter(|mail| mail.subject.starts_with("Your data"));
    assert_eq!(mails.count(), 1);
    other.stop().await;
}

async fn an_export_that_fails_may_be_requested_again(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.step_up().await;
    ann.post_nothing(EXPORT).await.expect(202);
    // A worker took it for the last time, and died.
    app.execute_raw(
        "UPDATE jobs SET state = 'running', due = FALSE, attempts = max_attempts, lease_until = 1 \
         WHERE kind = 'data-export.build'",
    )
    .await;
    app.run_jobs().await;
    let failed = ann.get(EXPORT).await.expect(200).data();
    assert_eq!(failed["status"], "failed", "{failed}");
    let mails = subjects(app, &ann.email);
    assert_eq!(
        mails.last().map(String::as_str),
        Some("Your data could not be made ready"),
        "{mails:?}"
    );
    ann.get(DOWNLOAD).await.expect_error(409, "INVALID_STATE");
    // Of two exports of one millisecond, either may be the latest.
    app.advance(std::time::Duration::from_millis(1));
    assert_eq!(
        exported(app, &ann).await["profile.json"]["email"],
        json!(ann.email)
    );
    app.leave_jobs();
}

async fn the_download_ends_with_the_session(app: &TestApp) {
    let ann = app.customer("ann").await;
    exported(app, &ann).await;
    ann.post_nothing("/api/auth/logout-all").await.expect(204);
    ann.get(DOWNLOAD).await.expect_error(401, "TOKEN_REVOKED");
    ann.get(EXPORT).await.expect_error(401, "TOKEN_REVOKED");
}
