//! The documentation of parameters.

use mainstay_domain::page;
use mainstay_engine::{FilterKind, Listed, parameter_name};
use mainstay_services::list::{FilterShape, ListFilter, ListQuery, SortKey};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{KnownFormat, Required, SchemaFormat};

/// The parameters of a list, from its declaration.
pub(super) fn of_list<L: ListQuery>() -> Vec<Parameter> {
    let mut all: Vec<Parameter> = L::FILTERS.iter().map(of_filter).collect();
    let names: Vec<&str> = L::Sort::NAMES.iter().map(|(name, _)| *name).collect();
    if !names.is_empty() {
        all.push(sort(&names));
    }
    all.extend(paging());
    all
}

/// The parameters of a list of rows, from the declaration of its table.
pub(super) fn of_rows<T: Listed>() -> Vec<Parameter> {
    let filters = T::FILTERS.iter().map(|filter| {
        let schema = match filter.kind() {
            FilterKind::Id => text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))),
            FilterKind::Text => text(),
            FilterKind::Number => ObjectBuilder::new().schema_type(Type::Integer),
            FilterKind::Boolean => ObjectBuilder::new().schema_type(Type::Boolean),
        };
        in_query(&parameter_name(filter.name()), "", schema)
    });
    let names: Vec<String> = T::SORTS.iter().map(|sort| parameter_name(sort.name())).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    filters.chain([sort(&names)]).chain(paging()).collect()
}

fn sort(names: &[&str]) -> Parameter {
    let pattern = format!("^-?{}$", one_of(names));
    let description = format!("{}, with `-` before it for descending order.", in_words(names));
    in_query("sort", &description, text().pattern(Some(pattern)))
}

fn paging() -> [Parameter; 3] {
    let cursor = "Instead of `page`: the `nextCursor` of this list with the same sort and filters; empty for the first page.";
    [
        in_query("page", "", whole_number()),
        in_query(
            "limit",
            "",
            whole_number().maximum(Some(f64::from(page::MAX_LIMIT))),
        ),
        in_query("cursor", cursor, text().pattern(Some("^([0-9a-f]{2})*$"))),
    ]
}

fn of_filter<F>(filter: &ListFilter<F>) -> Parameter {
    let format = |format| text().format(Some(SchemaFormat::KnownFormat(format)));
    let schema = match filter.shape {
        FilterShape::Text => text().min_length(Some(1)).max_length(Some(FilterShape::MAX_TEXT)),
        FilterShape::Id => format(KnownFormat::Uuid),
        FilterShape::Instant => format(KnownFormat::DateTime),
        FilterShape::Words([word]) => text().pattern(Some(format!("^{word}$"))),
        FilterShape::Words(words) => text().pattern(Some(format!("^{}$", one_of(words)))),
        FilterShape::Pattern(pattern) => text().pattern(Some(pattern)),
    };
    let description = match (filter.shape, filter.description) {
        (FilterShape::Words(words), "") => format!("{}.", in_words(words)),
        (FilterShape::Words(words), more) => format!("{}; {more}", in_words(words)),
        (_, description) => description.to_owned(),
    };
    in_query(filter.name, &description, schema)
}

/// The words as a part of a regular expression.
fn one_of(words: &[&str]) -> String {
    match words {
        [word] => (*word).to_owned(),
        words => format!("({})", words.join("|")),
    }
}

/// The words as a part of a sentence: `a`, `b` or `c`.
fn in_words(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => quoted.concat(),
    }
}

/// The id in the path.
pub(super) fn id() -> Parameter {
    let uuid = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
    parameter("id", ParameterIn::Path, "", uuid)
}

pub(super) fn if_match() -> Parameter {
    in_header(
        "If-Match",
        "The entity tag of the state to which the request applies",
    )
}

pub(super) fn if_none_match() -> Parameter {
    in_header(
        "If-None-Match",
        "The entity tag of the representation that the client has",
    )
}

fn in_header(name: &str, description: &str) -> Parameter {
    let optional = SchemaType::from_iter([Type::String, Type::Null]);
    parameter(
        name,
        ParameterIn::Header,
        description,
        ObjectBuilder::new().schema_type(optional),
    )
}

fn in_query(name: &str, description: &str, schema: ObjectBuilder) -> Parameter {
    parameter(name, ParameterIn::Query, description, schema)
}

fn parameter(name: &str, place: ParameterIn, description: &str, schema: ObjectBuilder) -> Parameter {
    let required = match place {
        ParameterIn::Path => Required::True,
        _ => Required::False,
    };
    let schema: Object = schema.build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description((!description.is_empty()).then_some(description))
        .schema(Some(schema))
        .build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn whole_number() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(1))
}
