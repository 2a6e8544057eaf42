//! `docs/accounts.md`, read as a front-end developer reads it: every request on the page is sent to a running server, and
//! compared with the OpenAPI document that the server itself publishes.

use crate::harness::{Client, Home};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// Paths of accounts, all of which are on the page.
const AREAS: [&str; 2] = ["/api/auth/", "/api/users/me"];

/// Marks a block of JSON in the text of a paragraph.
const BLOCK: char = '\u{1}';

/// A request on the page: `POST /api/auth/login {email, password}`, or the same followed by a body in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Request {
    method: String,
    path: String,
    /// The fields of the body; `None` where the page shows no body.
    fields: Option<BTreeSet<String>>,
    /// The statuses that the table's row names.
    statuses: Vec<u16>,
}

fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(path)).unwrap()
}

/// The spans of code in a text, each with what follows it up to the next.
fn spans(text: &str) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = text.split('`').collect();
    let pairs = parts.get(1..).unwrap_or_default().chunks(2);
    pairs
        .filter_map(|pair| Some((*pair.first()?, pair.get(1).copied().unwrap_or_default())))
        .collect()
}

/// The names in `{email, name?, confirm: true}` or `{"email": …}`.
fn names(body: &str) -> Option<BTreeSet<String>> {
    if let Ok(Value::Object(json)) = serde_json::from_str(body) {
        return Some(json.keys().cloned().collect());
    }
    let inner = body.trim().strip_prefix('{')?.strip_suffix('}')?;
    let name = |part: &str| {
        let name = part.split(':').next().unwrap_or_default().trim();
        // A field that may be left out.
        name.trim_end_matches('?').to_owned()
    };
    Some(inner.split(',').map(name).collect())
}

/// The requests in a paragraph or a row of a table.
fn requests_in(text: &str, statuses: &[u16]) -> Vec<Request> {
    let spans = spans(text);
    let mut found = Vec::new();
    for (at, (span, after)) in spans.iter().enumerate() {
        let Some((method, rest)) = span
            .split_once(' ')
            .filter(|(method, _)| METHODS.contains(method))
        else {
            continue;
        };
        let (path, own) = rest
            .split_once(" {")
            .map_or((rest, None), |(path, body)| (path, Some(format!("{{{body}"))));
        // Bodies that follow: "with `{…}`", "with `{…}` or `{…}`", or a block of JSON.
        let mut following = Vec::new();
        let mut between = *after;
        for (span, after) in &spans[at + 1..] {
            let joins = matches!(between.trim(), "with" | "or");
            if !joins || !span.starts_with('{') {
                break;
            }
            following.push((*span).to_owned());
            between = *after;
        }
        // A block after "answers" is the answer.
        match between.split_once(BLOCK) {
            Some((text, block)) if !text.contains("answer") => following.push(block.to_owned()),
            _ => {}
        }
        let bodies: Vec<_> = own
            .into_iter()
            .chain(following)
            .map(|body| names(&body))
            .collect();
        let bodies = if bodies.is_empty() { vec![None] } else { bodies };
        found.extend(bodies.into_iter().map(|fields| Request {
            method: method.to_owned(),
            path: path.to_owned(),
            fields,
            statuses: statuses.to_vec(),
        }));
    }
    found
}

/// The page in paragraphs. A block of JSON that follows a paragraph is appended to it after a mark, without its fences.
fn paragraphs(page: &str) -> Vec<String> {
    let mut all: Vec<String> = vec![String::new()];
    let mut in_block = false;
    for line in page.lines() {
        let last = all.last_mut().expect("there is one");
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
            if in_block {
                // Back to the paragraph that the block belongs to.
                while all.len() > 1 && all.last().is_some_and(String::is_empty) {
                    all.pop();
                }
                all.last_mut().expect("there is one").push(BLOCK);
            } else {
                all.push(String::new());
            }
        } else if !in_block && (line.is_empty() || line.starts_with('|')) {
            all.push(line.to_owned());
        } else {
            last.push_str(line.trim());
            last.push(' ');
        }
    }
    all
}

/// The three-digit numbers in the last cell of a table's row.
fn statuses(paragraph: &str) -> Vec<u16> {
    let Some(cell) = paragraph
        .strip_prefix('|')
        .and_then(|row| row.trim_end_matches('|').rsplit('|').next())
    else {
        return Vec::new();
    };
    let numbers = cell
        .split(|c: char| !c.is_ascii_digit())
        .filter(|number| number.len() == 3);
    numbers.filter_map(|number| number.parse().ok()).collect()
}

fn requests(page: &str) -> Vec<Request> {
    let paragraphs = paragraphs(page);
    paragraphs
        .iter()
        .flat_map(|paragraph| requests_in(paragraph, &statuses(paragraph)))
        .collect()
}

/// The path of the document that a path of the page is: `/api/auth/oauth/google?x=y` is `/api/auth/oauth/{provider}`.
fn documented<'d>(document: &'d Value, method: &str, path: &str) -> Option<(&'d str, &'d Value)> {
    let path = path.split('?').next().unwrap_or_default();
    let matches = |template: &str| {
        let (ours, theirs): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
        ours.len() == theirs.len()
            && ours
                .iter()
                .zip(&theirs)
                .all(|(one, other)| one == other || other.starts_with('{'))
    };
    // A literal path comes before one with parameters.
    let mut paths: Vec<_> = document["paths"].as_object()?.iter().collect();
    paths.sort_by_key(|(template, _)| template.contains('{'));
    let (template, methods) = paths.into_iter().find(|(template, _)| matches(template))?;
    Some((template.as_str(), methods.get(method.to_lowercase())?))
}

/// The schema of the operation's body, and whether it may be left out.
fn body_of<'d>(document: &'d Value, operation: &Value) -> Option<(&'d Value, bool)> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let reference = schema["$ref"]
        .as_str()
        .or_else(|| schema["oneOf"][0]["$ref"].as_str())?;
    let schema = document.pointer(reference.trim_start_matches('#'))?;
    Some((schema, operation["requestBody"]["required"] != true))
}

/// What the page says of a request and the document does not.
fn differences(document: &Value, request: &Request) -> Vec<String> {
    let Some((_, operation)) = documented(document, &request.method, &request.path) else {
        return vec!["there is no such request".to_owned()];
    };
    let mut wrong: Vec<String> = Vec::new();
    for status in &request.statuses {
        if operation["responses"].get(status.to_string()).is_none() {
            wrong.push(format!("it is never answered with {status}"));
        }
    }
    let Some(fields) = &request.fields else {
        return wrong;
    };
    let Some((schema, _)) = body_of(document, operation) else {
        wrong.push("it has no body".to_owned());
        return wrong;
    };
    let is_known = |name: &str| schema["properties"].get(name).is_some();
    wrong.extend(
        fields
            .iter()
            .filter(|name| !is_known(name))
            .map(|name| format!("it has no field {name}")),
    );
    let required = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    wrong.extend(
        required
            .filter(|name| !fields.contains(*name))
            .map(|name| format!("it needs the field {name}")),
    );
    wrong
}

/// A value that a field of this schema may have, as far as its type goes.
fn sample(schema: &Value) -> Value {
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str().unwrap_or_default(),
        other => other.as_str().unwrap_or_default(),
    };
    match kind {
        "boolean" => json!(true),
        "integer" => json!(60),
        "array" => json!([]),
        "string" if schema["format"] == "email" => json!("reader@example.com"),
        _ => json!("of the page"),
    }
}

/// Sends a request as the page writes it, as a user of its own; returns what the server does not understand of it.
async fn misunderstood(client: &Client, document: &Value, request: &Request, number: usize) -> Vec<String> {
    let account =
        json!({"email": format!("reader{number}@example.com"), "password": "walks in the rain", "name": "R"});
    let tokens = client.post("/api/auth/register", account).await.data(201);
    let user = client.with(tokens["accessToken"].as_str().unwrap());
    let (_, operation) = documented(document, &request.method, &request.path).unwrap();
    let body = request.fields.as_ref().map(|fields| {
        let schema = body_of(document, operation).map_or(&Value::Null, |(schema, _)| schema);
        let value = |name: &String| (name.clone(), sample(&schema["properties"][name]));
        Value::Object(fields.iter().map(value).collect::<Map<_, _>>())
    });
    let path = request
        .path
        .replace("{id}", "0199b1f4-7c00-7000-8000-000000000001");
    let answer = user.request(&request.method, &path, body, None).await.unwrap();
    let mut wrong = Vec::new();
    if matches!(answer.status, 405 | 415 | 500..) {
        wrong.push(format!("it is answered with {} {}", answer.status, answer.body));
    }
    // A request without a body is a mention of the route.
    let details = answer.body["error"]["details"].as_array().into_iter().flatten();
    let misread = details.filter(|detail| {
        request.fields.is_some() && (detail["code"] == "UNKNOWN_FIELD" || detail["code"] == "REQUIRED")
    });
    wrong.extend(misread.map(Value::to_string));
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_on_the_page_is_understood_by_a_running_server() {
    let home = Home::sqlite();
    let server = home.serve().await;
    let client = server.client();
    let document = client.get("/openapi.json").await.body;
    let requests = requests(&file("docs/accounts.md"));
    let mut wrong = Vec::new();
    for (number, request) in requests.iter().enumerate() {
        let mut found = differences(&document, request);
        if found.is_empty() {
            found = misunderstood(&client, &document, request, number).await;
        }
        wrong.extend(
            found
                .into_iter()
                .map(|what| format!("{} {}: {what}", request.method, request.path)),
        );
    }
    assert!(wrong.is_empty(), "docs/accounts.md: {wrong:#?}");

    // And every request of an account is on the page; where it needs a body, with its body.
    let mut missing = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let needs_body = body_of(&document, operation).is_some_and(|(_, may_miss)| !may_miss);
            let shows = |request: &Request| {
                let found = documented(&document, &request.method, &request.path);
                found.is_some_and(|(of, _)| of == path)
                    && request.method.eq_ignore_ascii_case(method)
                    && (request.fields.is_some() || !needs_body)
            };
            if AREAS.iter().any(|area| path.starts_with(area)) && !requests.iter().any(shows) {
                missing.push(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "not in docs/accounts.md, or without the body that they need: {missing:#?}"
    );
    server.stop().await;
}

#[test]
fn the_codes_and_settings_on_the_page_exist() {
    let (page, codes, settings) = (
        file("docs/accounts.md"),
        file("contracts/error-codes.txt"),
        file("config/default.toml"),
    );
    let is_name = |text: &str| {
        text.len() > 5 && text.contains('_') && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    };
    let unknown = |name: &&str| {
        let code = codes.lines().any(|line| line.split(' ').next() == Some(*name));
        !code && !settings.contains(*name)
    };
    let paragraphs = paragraphs(&page);
    let all = paragraphs.iter().flat_map(|paragraph| spans(paragraph));
    let names: BTreeSet<&str> = all.map(|(span, _)| span).filter(|span| is_name(span)).collect();
    assert!(names.contains("STEP_UP_REQUIRED"), "{names:?}");
    let unknown: Vec<_> = names.into_iter().filter(unknown).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn requests_are_found_as_people_write_them() {
    let page = "`POST /a {x, y: true}` and `GET /b?c=d`; `POST /c` with `{\"z\": 1}` or `{\"w\": 2}`.\n\n\
        | step | `PUT /d {v}`, signed in | 200, or 409 `CONFLICT` |\n\nMake it: `POST /e`\n\n   ```json\n   {\"u\": \"…\"}\n   ```\n";
    let found: Vec<_> = requests(page)
        .into_iter()
        .map(|one| {
            let fields = one
                .fields
                .map(|fields| fields.into_iter().collect::<Vec<_>>().join(","));
            format!(
                "{} {} {} {:?}",
                one.method,
                one.path,
                fields.unwrap_or_default(),
                one.statuses
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "POST /a x,y []",
            "GET /b?c=d  []",
            "POST /c z []",
            "POST /c w []",
            "PUT /d v [200, 409]",
            "POST /e u []",
        ]
    );
}
