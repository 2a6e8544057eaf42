//! Tests of the OpenAPI document and of the table of routes.

use crate::{contract, routes};
use mainstay_domain::api_key::ApiKeyStatus;
use mainstay_domain::audit::Actor;
use mainstay_domain::job::JobState;
use mainstay_domain::order::OrderStatus;
use mainstay_domain::payment::PaymentStatus;
use mainstay_domain::product::ProductStatus;
use mainstay_domain::user::UserStatus;
use mainstay_domain::webhook::{WebhookDeliveryStatus, WebhookEndpointStatus};
use serde_json::Value;
use std::collections::BTreeSet;

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    });
    operations.collect()
}

#[test]
fn every_route_is_documented_with_its_access_and_nothing_else_is() {
    let document = contract::openapi(&routes(true));
    let mut documented = operations(&document);
    documented.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    let mut table = routes(true).table();
    table.retain(|row| row.is_documented);
    assert_eq!(documented.len(), table.len());
    for (row, (method, path, operation)) in table.iter().zip(&documented) {
        assert_eq!((row.method, &row.path), (&**method, path));
        assert_eq!(operation["operationId"], row.use_case);
        assert_eq!(
            (&operation["x-access"], &operation["x-rate"]),
            (&row.access.as_str().into(), &row.rate.as_str().into())
        );
        let has_body = operation["requestBody"].is_object();
        assert_eq!(
            operation["x-max-body"],
            serde_json::json!(row.max_body),
            "{method} {path}"
        );
        assert!(has_body == row.max_body.is_some() && (!has_body || statuses(operation).contains("413")));
        let optional = operation["security"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one == &serde_json::json!({}));
        assert_eq!(optional, row.public, "{method} {path}");
        let statuses = statuses(operation);
        assert!(
            statuses.contains("500") && (statuses.contains("429") == (row.rate != "unlimited")),
            "{method} {path}"
        );
        assert!(
            row.public || (statuses.contains("401") && statuses.contains("403")),
            "{method} {path}"
        );
        let named = path.matches('{').count();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        assert_eq!(
            parameters.filter(|parameter| parameter["in"] == "path").count(),
            named,
            "{method} {path}"
        );
    }
}

fn statuses(operation: &Value) -> BTreeSet<&str> {
    let responses = operation["responses"].as_object().unwrap();
    responses.keys().map(String::as_str).collect()
}

#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = contract::openapi(&routes(true));
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        assert!(
            document.pointer(reference.trim_start_matches('#')).is_some(),
            "{reference}"
        );
    }
}

#[test]
fn only_pages_for_browsers_are_left_out_of_the_document() {
    let table = routes(true).table();
    let left_out = table.iter().filter(|row| !row.is_documented);
    let left_out: Vec<&str> = left_out.map(|row| row.path.as_str()).collect();
    assert_eq!(
        left_out,
        [
            "/docs",
            "/docs/",
            "/docs/{file}",
            "/invitation",
            "/link/link.js",
            "/magic-link",
            "/reset-password",
            "/setup",
            "/setup/setup.css",
            "/setup/setup.js",
            "/verify-email"
        ]
    );
}

#[test]
fn every_response_says_what_it_is_and_every_component_is_used() {
    let document = contract::openapi(&routes(true));
    for (method, path, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let refers = status.as_str() >= "400" && response["$ref"].is_string();
            let described = response["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty());
            assert!(refers || described, "{method} {path} {status}");
        }
    }
    let text = document.to_string();
    for kind in ["schemas", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(
                text.contains(&format!("\"#/components/{kind}/{name}\"")),
                "{name}"
            );
        }
    }
    assert_eq!(document["servers"], serde_json::json!([{"url": "/"}]));
}

#[test]
fn use_cases_and_paths_are_distinguished() {
    let table = routes(true).table();
    let places: BTreeSet<_> = table.iter().map(|row| (row.method, &row.path)).collect();
    assert_eq!(places.len(), table.len(), "two routes with one method and path");
    let names: BTreeSet<_> = table.iter().map(|row| row.use_case).collect();
    assert_eq!(names.len(), table.len(), "two routes to one use case");
}

#[test]
fn without_documents_nothing_else_is_missing() {
    let without = routes(false).table();
    assert!(
        without
            .iter()
            .all(|row| !row.path.starts_with("/docs") && row.path != "/openapi.json")
    );
    assert_eq!(without.len() + 4, routes(true).table().len());
}

/// Collects the schemas of a request body that do not limit the size of a value.
struct Unbounded<'d> {
    document: &'d Value,
    found: Vec<String>,
}

impl Unbounded<'_> {
    fn visit(&mut self, schema: &Value, place: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let schema = self.document.pointer(reference.trim_start_matches('#')).unwrap();
            return self.visit(schema, place);
        }
        let is = |kind: &str| match &schema["type"] {
            Value::Array(kinds) => kinds.iter().any(|one| one == kind),
            one => one == kind,
        };
        let is_free =
            is("object") && !schema["properties"].is_object() && schema["additionalProperties"] != false;
        let bounded = (!is("string") || is_bounded_text(schema))
            && (!is("array") || schema["maxItems"].is_u64())
            && (!is_free || schema["maxProperties"].is_u64());
        if !bounded {
            self.found.push(format!("{place}: {schema}"));
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            self.visit(field, &format!("{place}.{name}"));
        }
        if is("array") {
            self.visit(&schema["items"], &format!("{place}[]"));
        }
        for kind in ["oneOf", "anyOf", "allOf"] {
            for choice in schema[kind].as_array().into_iter().flatten() {
                self.visit(choice, place);
            }
        }
    }
}

/// Whether a string schema limits its length: by an enumeration, a fixed-length format, a maximum or a pattern.
fn is_bounded_text(schema: &Value) -> bool {
    let pattern = schema["pattern"].as_str().unwrap_or("*");
    let whole = pattern.starts_with('^') && pattern.ends_with('$');
    schema["maxLength"].is_u64()
        || schema["enum"].is_array()
        || schema["format"] == "uuid"
        || (whole && !pattern.contains(['*', '+']) && !pattern.contains(",}"))
}

#[test]
fn every_value_of_a_request_body_has_a_bound() {
    let document = contract::openapi(&routes(true));
    let mut unbounded = Unbounded {
        document: &document,
        found: Vec::new(),
    };
    let mut bodies = 0;
    for (method, path, operation) in operations(&document) {
        for media in operation["requestBody"]["content"]
            .as_object()
            .into_iter()
            .flatten()
        {
            bodies += 1;
            unbounded.visit(&media.1["schema"], &format!("{method} {path}"));
        }
    }
    assert!(bodies > 10);
    assert_eq!(unbounded.found, [""; 0]);
}

/// The document writes the names of statuses out, because its macros take only literals: they have to be those that the
/// domain declares.
#[test]
fn names_in_the_document_are_those_of_the_domain() {
    let document = contract::openapi(&routes(true));
    let schemas = [
        ("Actor", Actor::NAMES),
        ("ApiKeyStatus", ApiKeyStatus::NAMES),
        ("JobState", JobState::NAMES),
        ("OrderStatus", OrderStatus::NAMES),
        ("PaymentStatus", PaymentStatus::NAMES),
        ("ProductStatus", ProductStatus::NAMES),
        ("UserStatus", UserStatus::NAMES),
        ("WebhookDeliveryStatus", WebhookDeliveryStatus::NAMES),
        ("WebhookEndpointStatus", WebhookEndpointStatus::NAMES),
    ];
    let schema = |name: &str| &document["components"]["schemas"][name]["enum"];
    for (name, names) in schemas {
        assert_eq!(schema(name), &serde_json::json!(names), "{name}");
    }
    let mut patterns = BTreeSet::new();
    lists_of_words(&document, &mut patterns);
    let names = schemas.map(|(_, names)| names.join("|"));
    // An administrator sets every status but that of an invitation.
    let known: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .chain(["active|disabled"])
        .collect();
    assert!(patterns.len() > 3, "{patterns:?}");
    for pattern in patterns {
        assert!(known.contains(&pattern), "{pattern}");
    }
}

/// Collects the patterns that list lower-case words and nothing else: `^(active|disabled)$`.
fn lists_of_words<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    let pattern = value["pattern"].as_str().unwrap_or_default();
    let words = pattern
        .strip_prefix("^(")
        .and_then(|rest| rest.strip_suffix(")$"));
    let plain = |words: &&str| words.bytes().all(|b| b.is_ascii_lowercase() || b == b'|');
    found.extend(words.filter(plain));
    match value {
        Value::Object(map) => map.values().for_each(|value| lists_of_words(value, found)),
        Value::Array(values) => values.iter().for_each(|value| lists_of_words(value, found)),
        _ => {}
    }
}
