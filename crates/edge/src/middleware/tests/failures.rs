//! Tests of error rendering: each code in both formats.

use super::*;
use mainstay_domain::access::Permission;
use mainstay_domain::error::{Code, Denied, Unauthenticated};
use mainstay_domain::validation::ValidationErrors;
use serde_json::{Value, json};
use std::collections::BTreeSet;

type Headers = &'static [(&'static str, &'static str)];

/// One error of each kind, with its status and headers.
fn all() -> Vec<(ApiError, u16, Headers)> {
    const PLAIN: &[(&str, &str)] = &[("www-authenticate", "Bearer realm=\"mainstay\"")];
    const TOKEN: &[(&str, &str)] = &[(
        "www-authenticate",
        "Bearer realm=\"mainstay\", error=\"invalid_token\"",
    )];
    let errors = || ValidationErrors::one("items[0].quantity", "RANGE", "must be from 1 to 10000");
    let meant: Vec<(Error, u16, Headers)> = vec![
        (Error::BadRequest("it is not JSON".into()), 400, &[]),
        (Error::Invalid(errors()), 400, &[]),
        (Error::Unauthenticated(Unauthenticated::Missing), 401, PLAIN),
        (Error::Unauthenticated(Unauthenticated::Invalid), 401, TOKEN),
        (Error::Unauthenticated(Unauthenticated::Expired), 401, TOKEN),
        (Error::Unauthenticated(Unauthenticated::Revoked), 401, TOKEN),
        (Error::Unauthenticated(Unauthenticated::Reused), 401, TOKEN),
        (Error::Unauthenticated(Unauthenticated::Credentials), 401, PLAIN),
        (Error::Unauthenticated(Unauthenticated::Factor), 401, PLAIN),
        (Error::Denied(Denied::Permission(Permission::READ_USER)), 403, &[]),
        (Error::Denied(Denied::Disabled), 403, &[]),
        (Error::Denied(Denied::EmailUnverified), 403, &[]),
        (Error::Denied(Denied::Csrf), 403, &[]),
        (Error::Denied(Denied::StepUp), 403, &[]),
        (Error::Denied(Denied::FactorRequired), 403, &[]),
        (Error::NotFound, 404, &[]),
        (Error::Conflict("the address is taken".into()), 409, &[]),
        (Error::OutOfStock(errors()), 409, &[]),
        (
            Error::InvalidState("cannot cancel an order that is shipped".into()),
            409,
            &[],
        ),
        (Error::IdempotencyInFlight, 409, &[("retry-after", "1")]),
        (Error::Stale, 412, &[]),
        (Error::IdempotencyMismatch, 422, &[]),
        (
            Error::Limited {
                retry_after: Duration::from_millis(1500),
            },
            429,
            &[("retry-after", "2")],
        ),
        (Error::bug("hunter2"), 500, &[]),
        (
            Error::Unavailable {
                what: "the database",
                source: None,
            },
            503,
            &[("retry-after", "5")],
        ),
        (Error::Timeout, 504, &[]),
    ];
    let replayed = |code, status, headers| {
        let error = Error::Replayed {
            code,
            message: "as in the first answer".into(),
            details: errors(),
        };
        (ApiError::from(error), status, headers)
    };
    let own: [(ApiError, u16, Headers); 6] = [
        (ApiError::MethodNotAllowed, 405, &[]),
        (ApiError::TooLarge(10), 413, &[]),
        (ApiError::UnsupportedMedia("send JSON"), 415, &[]),
        replayed(Code::MfaInvalid, 401, PLAIN),
        replayed(Code::StepUpRequired, 403, &[]),
        replayed(Code::LockedOut, 429, &[]),
    ];
    meant
        .into_iter()
        .map(|(error, status, headers)| (error.into(), status, headers))
        .chain(own)
        .collect()
}

async fn rendered(api_error: &ApiError, accept: &str) -> Recorded {
    let api_error = api_error.clone();
    let router = Router::new().route("/x", get(async move || api_error.clone()));
    TestRouter::new(router)
        .get(
            Request::get("/x")
                .header("accept", accept)
                .header("x-request-id", "r1"),
        )
        .await
}

#[tokio::test]
async fn each_code_has_its_status_headers_and_both_forms() {
    let mut seen = BTreeSet::new();
    for (api_error, status, headers) in all() {
        let (code, message) = (api_error.code().as_str(), api_error.public().message);
        seen.insert(api_error.code());
        let details: Vec<Value> = api_error
            .public()
            .details
            .iter()
            .map(|fault| json!(fault))
            .collect();
        let plain = rendered(&api_error, "application/json").await;
        assert_eq!(
            (plain.status, plain.header("content-type")),
            (status, "application/json"),
            "{code}"
        );
        let expected =
            json!({"error": {"code": code, "message": message, "requestId": "r1", "details": details}});
        assert_eq!(serde_json::from_str::<Value>(&plain.body).unwrap(), expected);
        for (name, value) in headers {
            assert_eq!(plain.header(name), *value, "{code}");
        }
        assert_eq!(
            plain.headers.contains_key("www-authenticate"),
            status == 401,
            "{code}"
        );
        let problem = rendered(&api_error, "application/problem+json").await;
        assert_eq!(
            (problem.status, problem.header("content-type")),
            (status, "application/problem+json")
        );
        let body: Value = serde_json::from_str(&problem.body).unwrap();
        assert_eq!(
            (&body["status"], &body["code"], &body["detail"]),
            (&json!(status), &json!(code), &json!(message))
        );
        assert_eq!(
            (&body["type"], &body["requestId"]),
            (&json!("about:blank"), &json!("r1"))
        );
    }
    assert_eq!(seen.len(), Code::ALL.len(), "a code without a test");
}

#[tokio::test]
async fn the_body_of_an_error_is_exactly_this() {
    let api_error = ApiError::from(ValidationErrors::one(
        "items[0].quantity",
        "RANGE",
        "must be from 1 to 10000",
    ));
    assert_eq!(
        rendered(&api_error, "*/*").await.body,
        r#"{"error":{"code":"VALIDATION_FAILED","message":"the request is not valid","requestId":"r1","details":[{"path":"items[0].quantity","code":"RANGE","message":"must be from 1 to 10000"}]}}"#
    );
    assert_eq!(
        rendered(&Error::NotFound.into(), "application/problem+json")
            .await
            .body,
        r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"not found","code":"NOT_FOUND","requestId":"r1","details":[]}"#
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_are_json_too() {
    let app = TestRouter::new(router());
    let nowhere = app.get(Request::get("/nowhere")).await;
    assert_eq!((nowhere.status, nowhere.body.contains("NOT_FOUND")), (404, true));
    let otherwise = app.get(Request::delete("/ok")).await;
    assert_eq!(
        (otherwise.status, otherwise.header("allow")),
        (405, "GET,HEAD,POST")
    );
    assert!(otherwise.body.contains("METHOD_NOT_ALLOWED"));
}

#[tokio::test]
async fn a_panic_and_a_bug_say_nothing_of_their_cause() {
    let app = TestRouter::new(router());
    for path in ["/panic", "/bug"] {
        let answer = app.get(Request::get(path)).await;
        assert_eq!(
            (answer.status, answer.body.contains("INTERNAL_ERROR")),
            (500, true)
        );
        assert!(
            !answer.body.contains("hunter2") && !answer.body.contains("as it has to"),
            "{}",
            answer.body
        );
    }
    assert_eq!(
        app.get(Request::get("/ok")).await.status,
        200,
        "the next request is answered"
    );
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_ended() {
    let answer = TestRouter::new(router()).get(Request::get("/slow")).await;
    assert_eq!((answer.status, answer.body.contains("TIMEOUT")), (504, true));
}

#[tokio::test]
async fn a_failed_head_request_gets_no_body() {
    let app = TestRouter::new(router());
    for path in ["/missing", "/nowhere", "/bug"] {
        let whole = app.get(Request::get(path)).await;
        let head = app.get(Request::head(path)).await;
        assert_eq!((head.status, head.body.as_str()), (whole.status, ""), "{path}");
        assert_eq!(head.header("content-type"), "application/json");
        assert_eq!(
            head.header("content-length"),
            whole.body.len().to_string(),
            "{path}"
        );
    }
}
