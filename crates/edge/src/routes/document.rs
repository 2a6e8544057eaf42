//! The OpenAPI document: what handlers say of shapes, and what use cases say of access, in one.

mod components;

use super::described::Described;
use super::row::RouteRow;
use crate::answer::status;
use crate::middleware::address_limit;
use mainstay_domain::error::Code;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, Content, Info, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, Server,
};
use utoipa::{PartialSchema, ToSchema};

/// An error response.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
struct FailureSchema {
    error: FailureFacts,
}

/// The description of a failure.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FailureFacts {
    /// Stable code, for programs.
    code: String,
    /// Message for people, in English.
    message: String,
    /// The request id, as in `X-Request-Id`.
    request_id: String,
    /// Every validation error of the request.
    details: Vec<FailureDetail>,
}

/// One validation error.
#[derive(Serialize, ToSchema)]
struct FailureDetail {
    /// The path into the body, such as `items[0].quantity`, or the parameter.
    path: String,
    /// Stable code, for programs.
    code: String,
    /// Message for people, in English.
    message: String,
}

/// An error response as problem details (RFC 9457).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Problem {
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    code: String,
    request_id: String,
    details: Vec<FailureDetail>,
}

pub(super) fn document<'r>(
    routes: impl Iterator<Item = (&'r RouteRow, &'r Described)>,
    title: &str,
    version: &str,
) -> Value {
    let mut paths = Paths::new();
    let mut components = Components::new();
    for (row, described) in routes.filter(|(row, _)| row.is_documented) {
        for (name, schema) in &described.schemas {
            let other = components.schemas.insert(name.clone(), schema.clone());
            // One would be documented as the other.
            debug_assert!(
                other.is_none_or(|other| other == *schema),
                "two schemas are named {name}"
            );
        }
        paths.add_path_operation(
            &row.path,
            vec![described.method.clone()],
            operation(row, &described.operation),
        );
    }
    components.schemas.extend([
        ("Failure".to_owned(), FailureSchema::schema()),
        ("FailureFacts".to_owned(), FailureFacts::schema()),
        ("FailureDetail".to_owned(), FailureDetail::schema()),
        ("Problem".to_owned(), Problem::schema()),
    ]);
    for code in Code::ALL {
        let number = status::of(code).as_u16();
        components.responses.insert(name(number), failure(number).into());
    }
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let cookie =
        ApiKeyValue::with_description("accessToken", "On encrypted connections `__Host-accessToken`.");
    let cookie = ApiKey::Cookie(cookie);
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    let header = ApiKey::Header(ApiKeyValue::new("x-access-token"));
    components.add_security_scheme("header", SecurityScheme::ApiKey(header));
    let mut openapi = OpenApi::new(Info::new(title, version), paths);
    openapi.components = Some(components);
    // Relative to where the document is read, so that it is right behind every host name.
    openapi.servers = Some(vec![Server::new("/")]);
    // A tree of values is sorted by key, so that the text is the same each time.
    let mut document = serde_json::to_value(openapi).unwrap_or_default();
    components::refer(&mut document);
    components::drop_unused(&mut document);
    document
}

fn operation(row: &RouteRow, declared: &Operation) -> Operation {
    let mut operation = declared.clone();
    operation.operation_id = Some(row.use_case.to_owned());
    operation.security = Some(security(row));
    if row.takes_key() {
        operation
            .parameters
            .get_or_insert_default()
            .push(idempotency_key().into());
    }
    let bounds = [("x-access", json!(row.access)), ("x-rate", json!(row.rate))];
    let max_body = row.max_body.map(|bytes| ("x-max-body", json!(bytes)));
    operation
        .extensions
        .get_or_insert_default()
        .merge(bounds.into_iter().chain(max_body).collect::<Extensions>());
    let declared_failures = declared
        .responses
        .responses
        .keys()
        .filter_map(|status| status.parse().ok())
        .filter(|status| *status >= 400);
    // A handler names a failure of its own by its status alone; every failure has the one shape.
    for status in declared_failures.chain(failures(row, declared)) {
        let response = Ref::from_response_name(name(status)).into();
        operation.responses.responses.insert(status.to_string(), response);
    }
    operation
}

/// Any one of these; the empty one for operations without sign-in.
fn security(row: &RouteRow) -> Vec<SecurityRequirement> {
    let mut any = Vec::new();
    if row.public {
        any.push(SecurityRequirement::default());
    }
    if row.is_use_case && !row.is_blind() {
        any.extend(
            ["bearer", "cookie", "header"].map(|name| SecurityRequirement::new(name, [] as [&str; 0])),
        );
    }
    any
}

/// The failures that follow from the declaration; handlers name those of their own.
fn failures(row: &RouteRow, operation: &Operation) -> Vec<u16> {
    if !row.is_use_case {
        return match address_limit::is_unlimited(&row.path) {
            true => vec![400, 500, 504],
            false => vec![400, 429, 500, 504],
        };
    }
    let changes = row.method != "GET";
    let reads = operation.request_body.is_some();
    let known = !row.is_blind();
    let conditional = operation
        .parameters
        .iter()
        .flatten()
        .any(|parameter| match parameter {
            RefOr::T(parameter) => parameter.name == "If-Match",
            RefOr::Ref(_) => false,
        });
    [
        (true, 400),
        (known, 401),
        (known || changes, 403),
        (row.path.contains('{'), 404),
        (row.takes_key(), 409),
        (conditional, 412),
        (reads, 413),
        (reads, 415),
        (row.takes_key(), 422),
        (true, 429),
        (true, 500),
        (true, 503),
        (true, 504),
    ]
    .into_iter()
    .filter_map(|(may, status)| may.then_some(status))
    .collect()
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Requests with the same key and body get the first response again, for 24 hours.",
        ))
        .schema(Some(String::schema()))
        .build()
}

fn name(status: u16) -> String {
    format!("Failure{status}")
}

fn failure(number: u16) -> Response {
    let codes = Code::ALL
        .into_iter()
        .filter(|code| status::of(*code).as_u16() == number);
    let codes: Vec<String> = codes.map(|code| format!("`{}`", code.as_str())).collect();
    ResponseBuilder::new()
        .description(codes.join(", "))
        .content(
            "application/json",
            Content::new(Some(Ref::from_schema_name("Failure"))),
        )
        .content(
            "application/problem+json",
            Content::new(Some(Ref::from_schema_name("Problem"))),
        )
        .build()
}
