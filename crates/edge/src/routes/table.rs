//! Routes of ordinary use cases over a table, with the document of each: what is special has a handler of its own.

use super::described::Described;
use super::{Route, Routes, parameters};
use crate::answer::{self, Answer};
use crate::input::{Body, PathId, RowParams};
use crate::operation::Operation;
use mainstay_domain::access::Resource;
use mainstay_domain::id::Id;
use mainstay_engine::{Command, List, Listed, Removable, Remove};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

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
            .parameters(parameters::of_rows::<T>())
            .answers_list::<T>("A page")
            .tagged(T::NAME);
        self.add(Route::of::<List<T>, _, _>(described, list::<T>))
    }

    /// `DELETE` of one row; the answer is empty.
    #[must_use]
    pub fn remove_row<T: Removable>(self, path: &str, summary: &str) -> Self {
        let described = Described::new(HttpMethod::Delete, path, summary)
            .parameters([parameters::id()])
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

async fn list<T: Listed>(operation: Operation<List<T>>, RowParams(list): RowParams<T>) -> Answer {
    answer::list(operation.query(list).await?, |row| row)
}

async fn remove<T: Removable>(operation: Operation<Remove<T>>, PathId(id): PathId<Id<T>>) -> Answer {
    operation.command(Remove::new(id)).await?;
    Ok(answer::nothing())
}
