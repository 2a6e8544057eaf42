//! What a channel carries.

use mainstay_domain::access::Resource;
use mainstay_domain::channel::Channel;
use mainstay_domain::event::PositionedEvent;
use mainstay_domain::order::Order;
use mainstay_domain::product::Product;
use mainstay_domain::time::Timestamp;
use mainstay_views::{OrderView, ProductView};
use serde::Serialize;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A frame for the subscribers of a channel, rendered once for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// The channel.
    pub(crate) channel: Channel,
    /// The position in the channel; `None` for what is not part of its history.
    pub(crate) offset: Option<i64>,
    /// Whether every subscriber receives it.
    pub(crate) is_published: bool,
    /// The frame, as JSON text.
    pub(crate) frame: Utf8Bytes,
}

#[derive(Serialize)]
struct Delivered<'m, P> {
    r#type: &'static str,
    channel: &'m str,
    payload: P,
    offset: i64,
    at: Timestamp,
}

#[derive(Serialize)]
struct Presence<'m> {
    r#type: &'static str,
    channel: &'m str,
    #[serde(rename = "userId")]
    user_id: String,
}

impl Message {
    /// A message at a position.
    pub(crate) fn new(channel: Channel, offset: i64, at: Timestamp, payload: &impl Serialize) -> Self {
        let name = channel.to_string();
        let delivered = Delivered {
            r#type: "message",
            channel: &name,
            payload,
            offset,
            at,
        };
        Self {
            frame: text(&delivered),
            channel,
            offset: Some(offset),
            is_published: true,
        }
    }

    /// The note that a member entered (`join`) or left a room (`leave`).
    pub(crate) fn presence(channel: Channel, kind: &'static str, user_id: String) -> Self {
        let name = channel.to_string();
        let presence = Presence {
            r#type: kind,
            channel: &name,
            user_id,
        };
        Self {
            frame: text(&presence),
            channel,
            offset: None,
            is_published: true,
        }
    }
}

/// The frame of a value that the server chose.
pub(crate) fn text(value: &impl Serialize) -> Utf8Bytes {
    serde_json::to_string(value)
        .unwrap_or_else(|_| "{}".to_owned())
        .into()
}

/// What subscribers learn of a relayed event: a message for each channel that it belongs to.
pub(crate) fn messages_of(relayed: &PositionedEvent) -> Vec<Message> {
    let event = &relayed.event;
    let mut messages = Vec::new();
    let mut add = |channel, payload: Value, is_published| {
        messages.push(Message {
            is_published,
            ..Message::new(channel, relayed.position, event.at, &payload)
        });
    };
    let mut own = json!({
        "kind": event.kind, "resource": event.resource, "resourceId": event.resource_id,
    });
    match &*event.resource {
        Product::NAME => {
            if let Some(product) = parsed::<Product>(relayed) {
                let is_published = product.is_published() || event.kind == "product.archived";
                let payload = json!({"kind": event.kind, "product": ProductView::from(product)});
                add(Channel::Products, payload, is_published);
            }
        }
        Order::NAME => {
            if let Some(order) = parsed::<Order>(relayed) {
                if let Some(kind) = stock_change(&event.kind) {
                    let lines: Vec<Value> = order.items.iter().map(line).collect();
                    add(Channel::Products, json!({"kind": kind, "items": lines}), true);
                }
                let (id, view) = (order.id, json!(OrderView::from(order)));
                own["order"] = view.clone();
                add(
                    Channel::Orders(id),
                    json!({"kind": event.kind, "order": view}),
                    true,
                );
            }
        }
        _ => {}
    }
    if let Some(owner) = event.owner {
        add(Channel::User(owner), own, true);
    }
    messages
}

/// What an event of an order means for the stock of its products.
fn stock_change(kind: &str) -> Option<&'static str> {
    match kind {
        "order.placed" => Some("product.reserved"),
        "order.cancelled" | "order.expired" => Some("product.released"),
        _ => None,
    }
}

fn line(item: &mainstay_domain::order::OrderItem) -> Value {
    json!({"productId": item.product_id, "quantity": item.quantity})
}

/// The resource of an event. One that a later version wrote in another form is left out, and the rest is delivered.
fn parsed<R: serde::de::DeserializeOwned>(relayed: &PositionedEvent) -> Option<R> {
    let event = &relayed.event;
    match serde_json::from_str(&event.payload) {
        Ok(resource) => Some(resource),
        Err(error) => {
            tracing::error!(event = %event.id, kind = event.kind, %error, "a channel cannot read an event");
            None
        }
    }
}
