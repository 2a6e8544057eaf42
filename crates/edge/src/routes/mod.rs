//! The route table: one declaration serves for mounting, for `mainstay routes`, and for the OpenAPI document.

mod crud;
mod described;
mod document;
mod handler;
mod parameters;
pub(crate) mod row;
mod table;

pub use crud::{ChangeInput, CreateInput, View};
pub use described::Described;
pub use handler::{HandlerFor, HandlerParams};
pub use row::RouteRow;

use crate::options::EdgeOptions;
use crate::public_endpoint::PublicEndpoint;
use crate::route_state::{RouteState, RouterState};
use crate::socket::SocketRequest;
use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use mainstay_engine::{Engine, UseCase};
use serde_json::Value;
use std::sync::Arc;
use utoipa::openapi::path::HttpMethod;

/// Declares a route: a use case, and the handler that serves it. The handler declares method, path and schemas in
/// `#[utoipa::path(…)]`; the use case declares access and rate.
///
/// The first parameter of the handler must be the operation of that very use case:
///
/// ```
#[doc = include_str!("example.rs.txt")]
/// #[utoipa::path(get, path = "/api/things", responses((status = 200)))]
/// async fn list(operation: Operation<ListThings>) -> Answer {
///     Ok(mainstay_edge::answer::nothing())
/// }
/// let route = mainstay_edge::route!(ListThings, list);
/// ```
///
/// A handler for another use case does not compile:
///
/// ```compile_fail,E0277
#[doc = include_str!("example.rs.txt")]
/// #[utoipa::path(get, path = "/api/things", responses((status = 200)))]
/// async fn list(operation: Operation<ListSecrets>) -> Answer {
///     Ok(mainstay_edge::answer::nothing())
/// }
/// let route = mainstay_edge::route!(ListThings, list);
/// ```
#[macro_export]
macro_rules! route {
    ($use_case:ty, $handler:ident) => {
        $crate::macros::paste! {
            $crate::Route::of::<$use_case, _, _>($crate::routes::Described::of::<[<__path_ $handler>]>(), $handler)
        }
    };
}

/// Declares a public endpoint without a use case, under a name of its own.
#[macro_export]
macro_rules! public_route {
    ($name:literal, $handler:ident) => {
        $crate::macros::paste! {
            $crate::Route::open::<_, _>($name, $crate::routes::Described::of::<[<__path_ $handler>]>(), $handler)
        }
    };
}

/// A declared route that is not mounted yet.
pub struct Route {
    row: RouteRow,
    described: Described,
    mount: Box<dyn FnOnce(MethodFilter, RouteState) -> MethodRouter + Send>,
}

impl Route {
    /// A route to a use case; see [`route!`](crate::route).
    pub fn of<U, H, T>(described: Described, handler: H) -> Self
    where
        U: UseCase,
        H: Handler<T, RouteState>,
        T: HandlerFor<U> + 'static,
    {
        let (method, has_body) = (
            row::method(&described.method),
            described.operation.request_body.is_some(),
        );
        Self::made(
            RouteRow::of::<U>(method, &described.path, has_body),
            described,
            handler,
        )
    }

    /// A public endpoint without a use case; see [`public_route!`](crate::public_route).
    pub fn open<H, T>(name: &'static str, described: Described, handler: H) -> Self
    where
        H: Handler<T, RouteState>,
        T: HandlerParams<PublicEndpoint> + 'static,
    {
        Self::made(
            RouteRow::open(name, row::method(&described.method), &described.path),
            described,
            handler,
        )
    }

    /// A route that opens a WebSocket, over which callers use a use case and others.
    pub fn socket<U, H, T>(path: &str, handler: H) -> Self
    where
        U: UseCase,
        H: Handler<T, RouteState>,
        T: HandlerParams<SocketRequest> + 'static,
    {
        let row = RouteRow::socket::<U>(path);
        let described = Described::new(HttpMethod::Get, path, "Opens a WebSocket");
        Self::made(row, described, handler)
    }

    /// Excludes the route from the OpenAPI document: it serves a page, a script or a style to browsers.
    #[must_use]
    pub fn undocumented(mut self) -> Self {
        self.row.is_documented = false;
        self
    }

    fn made<H: Handler<T, RouteState>, T: 'static>(row: RouteRow, described: Described, handler: H) -> Self {
        let mount = Box::new(move |filter, route_state| on(filter, handler).with_state(route_state));
        Self {
            row,
            described,
            mount,
        }
    }
}

/// The routes of an interface, in the order in which they were added.
#[derive(Default)]
pub struct Routes {
    tag: &'static str,
    routes: Vec<Route>,
}

impl Routes {
    /// An empty list of routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty list of routes; those with ordinary handlers (see [`Routes::list`]) are documented under this tag.
    pub fn tagged(tag: &'static str) -> Self {
        Self {
            tag,
            ..Self::default()
        }
    }

    /// Adds a route.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "adding to a collection, not arithmetic"
    )]
    pub fn add(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Adds all routes of `others`.
    #[must_use]
    pub fn merge(mut self, others: Self) -> Self {
        self.routes.extend(others.routes);
        self
    }

    /// Every route with its access and rate, sorted by path and method.
    pub fn table(&self) -> Vec<RouteRow> {
        let mut rows: Vec<RouteRow> = self.routes.iter().map(|route| route.row.clone()).collect();
        rows.sort_by(|a, b| (&a.path, a.method).cmp(&(&b.path, b.method)));
        rows
    }

    /// The OpenAPI 3.1 document of all routes.
    pub fn openapi(&self, title: &str, version: &str) -> Value {
        document::document(
            self.routes.iter().map(|route| (&route.row, &route.described)),
            title,
            version,
        )
    }

    /// Mounts the routes. `openapi` is the document that the router serves.
    ///
    /// # Panics
    /// When two routes have the same method and path: a bug, found at every start.
    pub fn router(self, engine: Engine, options: EdgeOptions, openapi: &Value) -> Router {
        let openapi = openapi.to_string().into();
        let router_state = Arc::new(RouterState {
            engine,
            options,
            openapi,
        });
        self.routes.into_iter().fold(Router::new(), |router, route| {
            let path = route.row.path.clone();
            let route_state = RouteState::new(Arc::clone(&router_state), route.row.clone(), route.row.method);
            router.route(
                &path,
                (route.mount)(row::filter(&route.described.method), route_state),
            )
        })
    }
}
