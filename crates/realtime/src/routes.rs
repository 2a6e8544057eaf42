//! The routes of the interface, and what clients request over an open connection.

use crate::hub::Hub;
use crate::{socket, stream};
use axum::response::Response;
use mainstay_domain::access::{Policy, Resource, Visibility};
use mainstay_domain::channel::Channel;
use mainstay_domain::order::Order;
use mainstay_edge::{ApiError, Route, RouteRow, Routes, SocketRequest};
use mainstay_engine::UseCase;
use mainstay_services::channel::{Connect, OpenChannel, PublishInRoom};
use std::sync::Arc;

/// The routes: `GET /ws` and `GET /api/stream`.
pub fn routes() -> Routes {
    Routes::tagged("realtime")
        .add(Route::socket::<Connect, _, _>("/ws", open))
        .add(stream::route())
}

async fn open(request: SocketRequest) -> Result<Response, ApiError> {
    let hub = Arc::clone(request.route_state().extension::<Hub>()?);
    Ok(request.open(|opened| socket::serve(opened, hub)))
}

/// What clients request over a WebSocket, for the table of routes: the type of the frame and the form of the channel.
pub fn frames() -> Vec<RouteRow> {
    let signed_in = Channel::ACCESS.to_string();
    let publish = PublishInRoom::ACCESS.to_string();
    vec![
        RouteRow::frame::<OpenChannel>("subscribe", "orders:{id}", who(&Order::POLICY)),
        RouteRow::frame::<OpenChannel>("subscribe", "products", signed_in.clone()),
        RouteRow::frame::<OpenChannel>("subscribe", "room:{name}", signed_in),
        RouteRow::frame::<OpenChannel>("subscribe", "user:{id}", "owner".to_owned()),
        RouteRow::frame::<PublishInRoom>("publish", "room:{name}", publish),
    ]
}

/// Who sees rows of a policy, as text.
fn who(policy: &Policy) -> String {
    let entries = policy.visible.iter().map(|visible| match visible {
        Visibility::Holder(permission) => permission.to_string(),
        Visibility::Owner => "owner".to_owned(),
        Visibility::Published => "published".to_owned(),
    });
    let mut entries: Vec<String> = entries.collect();
    entries.reverse();
    entries.join(" or ")
}
