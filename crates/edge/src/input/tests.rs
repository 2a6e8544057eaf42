//! Invalid requests of every kind.

mod bodies;
mod bounds;
mod conditions;
mod lists;
mod nonsense;
mod round_trips;

use super::*;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read counts")]
struct Basket {
    items: Vec<Object<Line>>,
    note: Option<String>,
    kind: Option<Kind>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read counts")]
struct Line {
    product_id: String,
    quantity: u32,
    price: Object<Price>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read counts")]
struct Price {
    amount: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Gift,
    Own,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TestParams {
    status: Option<String>,
    user_id: Option<String>,
}
