//! What the OpenAPI document says about the operation of a route.

use crate::answer::{Data, Listed};
use utoipa::__dev::ComposeSchema;
use utoipa::ToSchema;
use utoipa::openapi::content::Content;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, Parameter};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{Ref, RefOr, Required, ResponseBuilder, Schema};

/// The method, path, values and answers of an operation: read from `#[utoipa::path(…)]`, or built for an ordinary
/// handler.
pub struct Described {
    pub(super) path: String,
    pub(super) method: HttpMethod,
    pub(super) operation: Operation,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Described {
    /// Reads the type that the attribute generated.
    #[doc(hidden)]
    pub fn of<P>() -> Self
    where
        P: utoipa::Path + utoipa::__dev::SchemaReferences + for<'t> utoipa::__dev::Tags<'t>,
    {
        let mut schemas = Vec::new();
        P::schemas(&mut schemas);
        let mut operation = P::operation();
        let tags = P::tags();
        operation.tags = (!tags.is_empty()).then(|| tags.into_iter().map(str::to_owned).collect());
        let method = P::methods().into_iter().next().unwrap_or(HttpMethod::Get);
        Self {
            path: P::path(),
            method,
            operation,
            schemas,
        }
    }
}

impl Described {
    pub(super) fn new(method: HttpMethod, path: &str, summary: &str) -> Self {
        Self {
            path: path.to_owned(),
            method,
            operation: OperationBuilder::new().summary(Some(summary)).build(),
            schemas: Vec::new(),
        }
    }

    pub(super) fn tagged(mut self, tag: &str) -> Self {
        self.operation.tags = Some(vec![tag.to_owned()]);
        self
    }

    pub(super) fn parameters(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        let all = self.operation.parameters.get_or_insert_default();
        all.extend(parameters.into_iter().map(RefOr::T));
        self
    }

    /// A JSON body, which must be present.
    pub(super) fn reads<T: ToSchema>(mut self) -> Self {
        self.define::<T>();
        let content = reference(&T::name());
        let body = RequestBodyBuilder::new().content("application/json", content);
        self.operation.request_body = Some(body.required(Some(Required::True)).build().into());
        self
    }

    /// `{"data": …}`
    pub(super) fn answers<V: ToSchema>(mut self, status: u16, description: &str) -> Self {
        let content = self.compose::<Data<V>, V>();
        self.answer(
            status,
            ResponseBuilder::new().content("application/json", content),
            description,
        )
    }

    /// `{"data": […], "pagination": …}`
    pub(super) fn answers_list<V: ToSchema>(mut self, description: &str) -> Self {
        let content = self.compose::<Listed<V>, V>();
        self.answer(
            200,
            ResponseBuilder::new().content("application/json", content),
            description,
        )
    }

    pub(super) fn answers_nothing(self, status: u16, description: &str) -> Self {
        self.answer(status, ResponseBuilder::new(), description)
    }

    /// A failure besides those that follow from the route; the document knows its form.
    pub(super) fn fails(self, status: u16) -> Self {
        self.answer(status, ResponseBuilder::new(), "")
    }

    fn answer(mut self, status: u16, response: ResponseBuilder, description: &str) -> Self {
        let response = response.description(description).build();
        let responses = &mut self.operation.responses.responses;
        responses.insert(status.to_string(), response.into());
        self
    }

    /// The content of a body of a generic schema, named as the attribute names it.
    fn compose<G: ToSchema + ComposeSchema, V: ToSchema>(&mut self) -> Content {
        self.define::<V>();
        let name = format!("{}_{}", G::name(), V::name());
        let content = reference(&name);
        self.schemas.push((name, G::compose(vec![V::schema()])));
        G::schemas(&mut self.schemas);
        content
    }

    fn define<T: ToSchema>(&mut self) {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
    }
}

fn reference(name: &str) -> Content {
    Content::new(Some(Ref::from_schema_name(name)))
}
