//! Actions of the tests in the shop.

use super::client::{Answer, Client};
use super::home::{ADMIN, Home};
use super::server::Server;
use super::wait::until;
use serde_json::{Value, json};
use std::time::Duration;

/// An administrator's view of a server.
pub(crate) struct Shop {
    pub(crate) admin: Client,
}

impl Shop {
    /// Creates an administrator if there is none yet, and signs in.
    pub(crate) async fn open(home: &Home, server: &Server) -> Self {
        let listed = home.run(&["users", "list", "--role", "admin", "--json"]).json();
        if listed == json!([]) {
            home.create_admin();
        }
        let body = json!({"email": ADMIN.0, "password": ADMIN.1});
        let tokens = server.client().post("/api/auth/login", body).await.data(200);
        Self {
            admin: server.client().with(tokens["accessToken"].as_str().unwrap()),
        }
    }

    /// Creates the administrator with the setup link that the first start prints.
    pub(crate) async fn claim(server: &Server, link: &str) -> Self {
        let token = link.split_once('#').unwrap().1;
        let body = json!({"token": token, "email": ADMIN.0, "password": ADMIN.1, "name": "Ada"});
        let tokens = server.client().post("/api/auth/setup", body).await.data(201);
        Self {
            admin: server.client().with(tokens["accessToken"].as_str().unwrap()),
        }
    }

    /// Adds an active product; returns its id.
    pub(crate) async fn add(&self, sku: &str, stock: i64) -> String {
        let product = json!({
            "sku": sku, "name": "Enamel mug", "description": "Holds 350 ml.", "category": "kitchen",
            "price": {"amount": 1450, "currency": "USD"}, "stock": stock, "attributes": {}, "status": "active",
        });
        text(&self.admin.post("/api/products", product).await.data(201)["id"])
    }

    /// The product's current stock.
    pub(crate) async fn stock(&self, product: &str) -> i64 {
        self.admin
            .get(&format!("/api/products/{product}"))
            .await
            .data(200)["stock"]
            .as_i64()
            .unwrap()
    }

    /// Registers a customer and returns the response with the tokens.
    pub(crate) async fn register(&self, name: &str) -> Value {
        let body =
            json!({"email": format!("{name}@example.com"), "password": "a quiet afternoon", "name": name});
        self.admin.post("/api/auth/register", body).await.data(201)
    }

    /// Registers a customer and returns a signed-in client.
    pub(crate) async fn customer(&self, name: &str) -> Client {
        let tokens = self.register(name).await;
        self.admin.with(tokens["accessToken"].as_str().unwrap())
    }

    /// All orders of all users.
    pub(crate) async fn orders(&self) -> Vec<Value> {
        self.all("/api/orders?").await
    }

    /// All items of a list. The path ends where another query parameter may follow.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = self.admin.get(&format!("{path}limit=100&cursor={cursor}")).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            items.extend(answer.body["data"].as_array().unwrap().iter().cloned());
            match answer.body["pagination"]["nextCursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return items,
            }
        }
    }

    /// Waits until no job is pending or running.
    pub(crate) async fn until_all_is_done(&self, deadline: Duration) {
        until("every job is done", deadline, || async {
            for state in ["queued", "running", "retrying"] {
                let remaining = self.admin.get(&format!("/api/jobs?state={state}&limit=1")).await;
                if !remaining.body["data"].as_array()?.is_empty() {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    /// Waits until the order has this status.
    pub(crate) async fn until_order_is(&self, order: &str, status: &str, deadline: Duration) {
        let path = format!("/api/orders/{order}");
        let what = format!("order {order} is {status}");
        until(&what, deadline, || async {
            (self.admin.get(&path).await.data(200)["status"] == status).then_some(())
        })
        .await;
    }
}

/// Places an order for a product; an error when no complete response arrived.
pub(crate) async fn order(
    client: &Client,
    product: &str,
    quantity: i64,
    key: &str,
) -> Result<Answer, reqwest::Error> {
    let body = json!({"items": [{"productId": product, "quantity": quantity}]});
    client.request("POST", "/api/orders", Some(body), Some(key)).await
}

/// The string in a JSON value.
pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a string: {value}"))
        .to_owned()
}
