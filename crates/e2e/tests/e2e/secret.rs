//! Secrets appear in no log, no answer and no file in plain text.

use crate::order_cancel_expire::place;
use mainstay_platform::crypto::master_key::MasterKey;
use mainstay_platform::crypto::seal::Sealer;
use mainstay_testkit::{Engine, TestApp, captured, on_both_engines};
use serde_json::json;

on_both_engines! {
    trap_13_logs_contain_no_secret;
    trap_13_an_internal_error_hides_its_cause;
    secrets_are_stored_hashed_or_sealed;
    trap_13_a_shared_secret_appears_nowhere with JWT_SECRET = super::SHARED;
}

const SHARED: &str = "shared-secret-8f31c2d04b7e6a55-0b9d";

async fn trap_13_logs_contain_no_secret(app: &TestApp) {
    let ann = app.customer("ann-of-the-logs").await;
    let wrong = "a wrong password that stands in no log";
    app.client()
        .post("/api/auth/login", json!({"email": ann.email, "password": wrong}))
        .await
        .expect(401);
    app.client()
        .post(
            "/api/auth/register",
            json!({"email": "x", "password": wrong, "name": ""}),
        )
        .await
        .expect(400);
    app.client()
        .post("/api/auth/login", json!({"email": ann.email, "pasword": wrong}))
        .await
        .expect(400);
    let half = format!("{{\"email\": \"{}\", \"password\": \"{wrong}\"", ann.email);
    app.client()
        .request(
            "POST",
            "/api/auth/login",
            Some(("application/json", half.into_bytes())),
        )
        .await
        .expect(400);
    app.client()
        .get(&format!("/api/users/me?token={}", ann.access))
        .await
        .expect(401);
    let next = ann.refreshed().await;
    app.client()
        .bearer(&format!("{}x", next.access))
        .get("/api/users/me")
        .await
        .expect(401);
    let product = app.product(5, 100).await;
    let path = place(&next, &product, 1).await;
    next.post_nothing(&format!("{path}/pay")).await.expect(202);
    app.gateway.fail_next(1);
    app.run_jobs().await;
    app.advance(crate::MINUTE);
    app.run_jobs().await;
    app.seal_audit().await;
    let log = captured()
        + &app
            .request_lines()
            .iter()
            .map(ToString::to_string)
            .collect::<String>();
    assert!(
        log.contains("job failed and will be tried again"),
        "the log was captured"
    );
    let key = std::fs::read(app.folder().join("master.key")).unwrap();
    let key = String::from_utf8_lossy(&key).trim().to_owned();
    for secret in [
        wrong,
        &ann.password,
        &ann.access,
        &ann.refresh,
        &next.access,
        &next.refresh,
        &key,
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
        assert!(
            !log.contains(secret.rsplit('.').next().unwrap()),
            "its signature is in the log"
        );
    }
    let ring = format!("{:?}", app.engine().keys().ring());
    assert!(!ring.contains(&key), "{ring}");
}

async fn trap_13_an_internal_error_hides_its_cause(app: &TestApp) {
    let admin = app.admin().await;
    app.execute_raw("ALTER TABLE jobs RENAME TO gone").await;
    for accept in ["application/json", "application/problem+json"] {
        let answer = admin
            .header("accept", accept)
            .get("/api/jobs")
            .await
            .expect_error(500, "INTERNAL_ERROR");
        let text = answer.text().to_lowercase();
        for word in [
            "jobs", "select", "table", "relation", "sqlite", "postgres", ".rs", "panic",
        ] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
    app.execute_raw("ALTER TABLE gone RENAME TO jobs").await;
    admin.get("/api/jobs").await.expect(200);
    assert!(
        captured().contains("a request failed by a fault of ours"),
        "the log says why"
    );
}

async fn secrets_are_stored_hashed_or_sealed(app: &TestApp) {
    let ann = app.customer("ann").await;
    let link = mainstay_services::setup::setup_link(app.engine().pipeline())
        .await
        .unwrap()
        .unwrap();
    let hashes = app
        .query_raw("SELECT CAST(password_hash AS TEXT) FROM credentials")
        .await;
    assert!(
        hashes
            .iter()
            .all(|row| row[0].as_deref().unwrap().starts_with("$argon2id$v=19$")),
        "{hashes:?}"
    );
    let body = ann.refresh.strip_prefix("mrt_").unwrap();
    let secret = mainstay_platform::crypto::from_base64url(body).unwrap()[20..].to_vec();
    let token = link.split_once('#').unwrap().1;
    let mut files: Vec<u8> = Vec::new();
    for entry in std::fs::read_dir(app.folder()).unwrap() {
        files.extend(std::fs::read(entry.unwrap().path()).unwrap_or_default());
    }
    let holds = |needle: &[u8]| files.windows(needle.len()).any(|window| window == needle);
    for needle in [
        secret.as_slice(),
        ann.password.as_bytes(),
        token.as_bytes(),
        ann.access.as_bytes(),
        body.as_bytes(),
    ] {
        assert!(!holds(needle), "a secret is in the files");
    }
    signing_keys_are_sealed(app).await;
}

/// Checks that a stored signing key can be opened with the master key only, and contains no part of the plain key.
async fn signing_keys_are_sealed(app: &TestApp) {
    let hex = match app.database_engine() {
        Engine::Sqlite => "hex(sealed)",
        Engine::Postgres => "encode(sealed, 'hex')",
    };
    let rows = app
        .query_raw(&format!("SELECT kid, {hex} FROM signing_keys"))
        .await;
    let [Some(kid), Some(hex)] = &rows[0][..] else {
        panic!("{rows:?}")
    };
    let bytes = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let sealed: Vec<u8> = (0..hex.len()).step_by(2).map(bytes).collect();
    let sealer = &app.engine().components().sealer;
    let plain = sealer.open("signing-key", kid.as_bytes(), &sealed).unwrap();
    // PKCS#8 of Ed25519 ends with the 32 bytes of the key.
    let private = &plain[plain.len() - 32..];
    for part in private.chunks(8).chain([&plain[..16]]) {
        assert!(
            !sealed.windows(part.len()).any(|window| window == part),
            "the key is in the row"
        );
    }
    let foreign = Sealer::new(MasterKey::from_bytes([7; 32]), Vec::new());
    assert!(foreign.open("signing-key", kid.as_bytes(), &sealed).is_err());
}

async fn trap_13_a_shared_secret_appears_nowhere(app: &TestApp) {
    let admin = app.admin().await;
    let ring = format!("{:?}", app.engine().keys().ring());
    assert!(!ring.contains(SHARED), "{ring}");
    for path in ["/metrics", "/openapi.json", "/health", "/.well-known/jwks.json"] {
        assert!(
            !admin.get(path).await.expect(200).text().contains(SHARED),
            "{path}"
        );
    }
    assert!(!captured().contains(SHARED));
}
