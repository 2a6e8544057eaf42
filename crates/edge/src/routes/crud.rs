//! Routes with an ordinary handler: they list, read, create, change and remove resources. A use case, a body and a
//! representation are all that such a route needs; what is special about a route has a handler of its own.

use super::described::Described;
use super::{Route, Routes, parameters};
use crate::answer::{self, Answer, Tag};
use crate::input::{Body, IfMatch, IfNoneMatch, ListParams, PathId};
use crate::operation::Operation;
use mainstay_domain::access::Resource;
use mainstay_domain::state::{ExpectedVersion, Versioned};
use mainstay_domain::validation::ValidationErrors;
use mainstay_engine::{ById, Query, StagedCommand, UseCase};
use mainstay_services::list::{ListOf, ListQuery};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::str::FromStr;
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

/// What clients see of a `T`.
pub trait View<T>: From<T> + Serialize + ToSchema + 'static {}

impl<T, V: From<T> + Serialize + ToSchema + 'static> View<T> for V {}

/// A body that creates a resource.
pub trait CreateInput: DeserializeOwned + ToSchema + Send + 'static {
    /// The use case that creates it.
    type UseCase: StagedCommand;

    /// Validates the values.
    ///
    /// # Errors
    /// Every invalid value.
    fn validate(self) -> Result<Self::UseCase, ValidationErrors>;
}

/// A body that changes the resource that the path names.
pub trait ChangeInput: DeserializeOwned + ToSchema + Send + 'static {
    /// The use case that changes it.
    type UseCase: StagedCommand;
    /// The id in the path; text that is none names no resource: 404.
    type Id: FromStr + Send + 'static;

    /// Validates the values. The change applies only to a resource in an `expected` state.
    ///
    /// # Errors
    /// Every invalid value.
    fn validate(self, id: Self::Id, expected: ExpectedVersion) -> Result<Self::UseCase, ValidationErrors>;
}

type Output<I> = <<I as CreateInput>::UseCase as UseCase>::Output;
type Changed<I> = <<I as ChangeInput>::UseCase as UseCase>::Output;

/// The parameter `summary` says what the operation does, `answer` what the answer contains: the document shows both.
impl Routes {
    /// `GET` of a list, with the parameters that the list declares.
    #[must_use]
    pub fn list<L: ListQuery, V: View<L::Item>>(self, path: &str, summary: &str, answer: &str) -> Self {
        let described = Described::new(HttpMethod::Get, path, summary)
            .parameters(parameters::of_list::<L>())
            .answers_list::<V>(answer);
        self.ordinary(described, |described| {
            Route::of::<L, _, _>(described, list::<L, V>)
        })
    }

    /// `GET` of a list of what belongs to the resource that the path names.
    #[must_use]
    pub fn list_of<L: ListOf, V: View<L::Item>>(self, path: &str, summary: &str, answer: &str) -> Self {
        let described = Described::new(HttpMethod::Get, path, summary)
            .parameters([parameters::id()].into_iter().chain(parameters::of_list::<L>()))
            .answers_list::<V>(answer);
        self.ordinary(described, |described| {
            Route::of::<L, _, _>(described, list_of::<L, V>)
        })
    }

    /// `GET` of one resource, with its entity tag; 304 when the client has this state already.
    #[must_use]
    pub fn read<Q: Query + ById, V: View<Q::Output>>(self, path: &str, summary: &str, answer: &str) -> Self
    where
        Q::Output: Versioned,
    {
        let described = Described::new(HttpMethod::Get, path, summary)
            .parameters([parameters::id(), parameters::if_none_match()])
            .answers::<V>(200, answer)
            .answers_nothing(304, "Unchanged");
        self.ordinary(described, |described| {
            Route::of::<Q, _, _>(described, read::<Q, V>)
        })
    }

    /// `POST` of a new resource; the answer names its path, which is `path` and the id.
    #[must_use]
    pub fn create<I: CreateInput, V: View<Output<I>>>(self, path: &str, summary: &str, answer: &str) -> Self
    where
        Output<I>: Resource + Versioned,
    {
        let described = Described::new(HttpMethod::Post, path, summary)
            .reads::<I>()
            .answers::<V>(201, answer)
            .fails(409);
        self.ordinary(described, |described| {
            Route::of::<I::UseCase, _, _>(described, create::<I, V>)
        })
    }

    /// A change of one resource, with `If-Match`; the answer is the resource as it is now.
    #[must_use]
    pub fn change<I: ChangeInput, V: View<Changed<I>>>(
        self,
        method: HttpMethod,
        path: &str,
        summary: &str,
        answer: &str,
    ) -> Self
    where
        Changed<I>: Versioned,
    {
        let described = Described::new(method, path, summary)
            .parameters([parameters::id(), parameters::if_match()])
            .reads::<I>()
            .answers::<V>(200, answer)
            .fails(409);
        self.ordinary(described, |described| {
            Route::of::<I::UseCase, _, _>(described, change::<I, V>)
        })
    }

    /// `DELETE` of one resource, with `If-Match`; the answer is empty.
    #[must_use]
    pub fn remove<C: StagedCommand + ById>(self, path: &str, summary: &str, answer: &str) -> Self {
        let described = Described::new(HttpMethod::Delete, path, summary)
            .parameters([parameters::id(), parameters::if_match()])
            .answers_nothing(204, answer)
            .fails(409);
        self.ordinary(described, |described| {
            Route::of::<C, _, _>(described, remove::<C>)
        })
    }

    fn ordinary(self, described: Described, route: impl FnOnce(Described) -> Route) -> Self {
        let tag = self.tag;
        self.add(route(described.tagged(tag)))
    }
}

async fn list<L: ListQuery, V: View<L::Item>>(
    operation: Operation<L>,
    ListParams(list): ListParams<L>,
) -> Answer {
    answer::list(operation.query(list).await?, V::from)
}

async fn list_of<L: ListOf, V: View<L::Item>>(
    operation: Operation<L>,
    PathId(parent): PathId<L::Parent>,
    ListParams(list): ListParams<L>,
) -> Answer {
    answer::list(operation.query(list.of(parent)).await?, V::from)
}

async fn read<Q: Query + ById, V: View<Q::Output>>(
    operation: Operation<Q>,
    PathId(id): PathId<Q::Id>,
    if_none_match: IfNoneMatch,
) -> Answer
where
    Q::Output: Versioned,
{
    let found = operation.query(Q::by_id(id, ExpectedVersion::Any)).await?;
    Tag::from(found.state()).answer(&if_none_match, &V::from(found))
}

async fn create<I: CreateInput, V: View<Output<I>>>(
    operation: Operation<I::UseCase>,
    Body(input): Body<I>,
) -> Answer
where
    Output<I>: Resource + Versioned,
{
    let route_state = operation.route_state().clone();
    let created = operation.command(input.validate()?).await?;
    let location = format!("{}/{}", route_state.pattern(), created.id().uuid());
    let tag = Tag::from(created.state());
    Ok(tag.put(answer::created(&location, &V::from(created))?))
}

async fn change<I: ChangeInput, V: View<Changed<I>>>(
    operation: Operation<I::UseCase>,
    PathId(id): PathId<I::Id>,
    IfMatch(expected): IfMatch,
    Body(input): Body<I>,
) -> Answer
where
    Changed<I>: Versioned,
{
    let changed = operation.command(input.validate(id, expected)?).await?;
    let tag = Tag::from(changed.state());
    Ok(tag.put(answer::data(&V::from(changed))?))
}

async fn remove<C: StagedCommand + ById>(
    operation: Operation<C>,
    PathId(id): PathId<C::Id>,
    IfMatch(expected): IfMatch,
) -> Answer {
    operation.command(C::by_id(id, expected)).await?;
    Ok(answer::nothing())
}
