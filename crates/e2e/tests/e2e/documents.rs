//! The API documents, compared with the routes.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::Value;

on_both_engines! {
    every_route_is_in_the_document_and_the_other_way_round;
    the_page_loads_nothing_from_other_origins;
    documents_can_be_switched_off with DOCS = "off";
    trap_04_access_is_declared_at_each_route_and_checked_in_any_order;
}

async fn every_route_is_in_the_document_and_the_other_way_round(app: &TestApp) {
    let document = app.client().get("/openapi.json").await.expect(200).json();
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1")),
        "{}",
        document["openapi"]
    );
    let mut documented: Vec<String> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        documented.extend(
            methods
                .as_object()
                .unwrap()
                .keys()
                .map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    let mut mounted: Vec<String> = app
        .node()
        .routes()
        .iter()
        .filter(|row| row.is_documented)
        .map(|row| format!("{} {}", row.method, row.path))
        .collect();
    documented.sort();
    mounted.sort();
    assert_eq!(documented, mounted);
    let secured = |method: &str, path: &str| {
        let operation = &document["paths"][path][method.to_lowercase()];
        operation["security"].as_array().is_some_and(|needs| {
            !needs.is_empty()
                && needs
                    .iter()
                    .all(|need| need != &Value::Object(Default::default()))
        })
    };
    for row in app.node().routes().iter().filter(|row| row.is_documented) {
        assert_eq!(secured(row.method, &row.path), !row.public, "{row}");
    }
}

async fn documents_can_be_switched_off(app: &TestApp) {
    app.client().get("/openapi.json").await.expect(404);
    app.client().get("/docs").await.expect(404);
}

async fn trap_04_access_is_declared_at_each_route_and_checked_in_any_order(app: &TestApp) {
    for row in app.node().routes() {
        let path = row
            .path
            .replace("{id}", "0199b1f4-7c00-7000-8000-000000000001")
            .replace("{name}", "read:audit");
        let answer = app.client().request(row.method, &path, None).await;
        if row.public {
            assert_ne!(
                (answer.status, answer.code().as_str()),
                (403, "FORBIDDEN"),
                "{row}: {answer:?}"
            );
            assert!(
                row.is_blind()
                    || ["/api/auth/refresh", "/api/auth/logout"].contains(&row.path.as_str())
                    || answer.status != 401
                    || answer.code() == "INVALID_CREDENTIALS",
                "{row}: {answer:?}"
            );
        } else {
            // Refused before anything else is checked: the body, or whether the resource exists.
            answer.expect_error(401, "UNAUTHORIZED");
        }
    }
}

async fn the_page_loads_nothing_from_other_origins(app: &TestApp) {
    let page = app.client().get("/docs/").await.expect(200);
    let policy = page.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("connect-src 'self'"), "{policy}");
    let settings = app.client().get("/docs/swagger-initializer.js").await.expect(200);
    for text in [page.text(), settings.text(), policy] {
        assert!(!text.is_empty() && !text.contains("://"), "{text}");
    }
}
