//! Routes of ordinary use cases over a table, with the document of each: what is special has a handler of its own.

use super::described::Described;
use super::{Route, Routes};
use crate::answer::{self, Answer};
use crate::input::{self, Body, PageParams, PathId, Query};
use crate::operation::Operation;
use mainstay_domain::access::Resource;
use mainstay_domain::id::Id;
use mainstay_domain::page::DEFAULT_LIMIT;
use mainstay_domain::validation::ValidationErrors;
use mainstay_engine::{Command, List, Listed, Removable, Remove, parameter_name};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{KnownFormat, Required, SchemaFormat};

/// The parameter `summary` says what the operation does: the document shows it.
impl Routes {
    /// `POST` of a new resource: the body is the use case, the answer is the resource, under `path` and its id.
    #[must_use]
    pub fn create_row<C>(self, path: &str, summary: &str) -> Self
    where
        C: Command + DeserializeOwned + ToSchema,
        C::Output: Resource + Serialize + ToSchema,
    {
        let described = Described::new(HttpMethod::Post, path, summary)
            .reads::<C>()
            .answers::<C::Output>(201, "Created")
            .fails(409)
            .tagged(C::Output::NAME);
        self.add(Route::of::<C, _, _>(described, create::<C>))
    }

    /// `GET` of a list, with the sorts and filters that the table declares.
    #[must_use]
    pub fn list_rows<T: Listed + ToSchema>(self, path: &str, summary: &str) -> Self {
        let described = Described::new(HttpMethod::Get, path, summary)
            .parameters(parameters::<T>())
            .answers_list::<T>("A page")
            .tagged(T::NAME);
        self.add(Route::of::<List<T>, _, _>(described, list::<T>))
    }

    /// `DELETE` of one row; the answer is empty.
    #[must_use]
    pub fn remove_row<T: Removable>(self, path: &str, summary: &str) -> Self {
        let id = ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(uuid()));
        let described = Described::new(HttpMethod::Delete, path, summary)
            .parameters([id.build()])
            .answers_nothing(204, "Removed")
            .fails(409)
            .tagged(T::NAME);
        self.add(Route::of::<Remove<T>, _, _>(described, remove::<T>))
    }
}

async fn create<C>(operation: Operation<C>, Body(command): Body<C>) -> Answer
where
    C: Command + DeserializeOwned,
    C::Output: Resource + Serialize,
{
    let path = operation.route_state().pattern().to_owned();
    let created = operation.command(command).await?;
    answer::created(&format!("{path}/{}", created.id()), &created)
}

async fn list<T: Listed>(
    operation: Operation<List<T>>,
    Query(mut given): Query<BTreeMap<String, String>>,
) -> Answer {
    let mut errors = ValidationErrors::new();
    let [page, limit, cursor] = ["page", "limit", "cursor"].map(|name| given.remove(name));
    let params = PageParams {
        page: page.as_deref(),
        limit: limit.as_deref(),
        cursor: cursor.as_deref(),
    };
    let page = input::page(&mut errors, params, DEFAULT_LIMIT);
    let list = List::parse(&given, errors.finish(page)?)?;
    answer::list(operation.query(list).await?, |row| row)
}

async fn remove<T: Removable>(operation: Operation<Remove<T>>, PathId(id): PathId<Id<T>>) -> Answer {
    operation.command(Remove::new(id)).await?;
    Ok(answer::nothing())
}

/// The parameters of a list, from the declaration of its table.
fn parameters<T: Listed>() -> Vec<Parameter> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let names: Vec<String> = T::SORTS.iter().map(|sort| parameter_name(sort.name())).collect();
    let sort = text().pattern(Some(format!("^-?({})$", names.join("|"))));
    let number = || ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1.0));
    let paging = [
        ("sort", sort),
        ("page", number()),
        ("limit", number()),
        ("cursor", text()),
    ];
    let filters = T::FILTERS
        .iter()
        .map(|filter| (parameter_name(filter.name()), text()));
    let paging = paging.map(|(name, schema)| (name.to_owned(), schema));
    filters
        .chain(paging)
        .map(|(name, schema)| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .schema(Some(schema))
                .build()
        })
        .collect()
}

fn uuid() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
}
