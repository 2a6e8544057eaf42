//! Fills a running server through its API: customers, products and their orders.

use crate::error::BenchError;
use crate::load::{Connection, post};
use crate::seed::{PASSWORD, Seed, User};
use serde_json::{Value, json};
use std::cell::Cell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::LocalSet;
use uuid::Uuid;

/// The server to fill, the amounts, and the files to write.
#[derive(clap::Args)]
pub(crate) struct Prepare {
    /// Address of the server.
    #[arg(long)]
    address: SocketAddr,
    /// File for the created users and products.
    #[arg(long)]
    seed: PathBuf,
    /// File for the response to a request for one product.
    #[arg(long)]
    product: PathBuf,
    /// E-mail address of an administrator whose password is the one of the benchmark.
    #[arg(long)]
    admin: String,
    #[arg(long, default_value_t = 64)]
    users: usize,
    #[arg(long, default_value_t = 1000)]
    products: usize,
    #[arg(long, default_value_t = 10_000)]
    orders: usize,
}

/// Number of concurrent requests.
const AT_ONCE: usize = 32;
const TIMEOUT: Duration = Duration::from_secs(120);

impl Prepare {
    /// Fills the server.
    pub(crate) async fn run(self) -> Result<(), BenchError> {
        let filled = LocalSet::new()
            .run_until(tokio::time::timeout(TIMEOUT, self.fill()))
            .await;
        filled.unwrap_or_else(|_| Err(BenchError::new("the server was not filled in two minutes")))
    }

    async fn fill(&self) -> Result<(), BenchError> {
        let login = post(
            "/api/auth/login",
            "",
            &json!({"email": self.admin, "password": PASSWORD}),
        );
        let admin = one(self.address, login).await?;
        let admin = text(data(&admin), "accessToken")?.to_owned();

        let users = many(self.address, (0..self.users).map(register).collect()).await?;
        let products = (0..self.products).map(|number| post("/api/products", &admin, &product(number)));
        let products = many(self.address, products.collect()).await?;
        let mut seed = Seed::default();
        for (number, answer) in users.iter().enumerate() {
            seed.users.push(user(number, data(answer))?);
        }
        for answer in &products {
            seed.products.push(text(data(answer), "id")?.parse()?);
        }
        // Written before the orders, because the load generator reads it.
        std::fs::write(&self.seed, serde_json::to_vec(&seed)?)?;

        let orders = (0..self.orders).map(|number| order(&seed, number));
        many(self.address, orders.collect()).await?;

        let mut connection = Connection::open(self.address).await?;
        let request = format!(
            "GET /api/products/{} HTTP/1.1\r\nHost: bench\r\n\r\n",
            seed.products[0]
        );
        let (status, body) = connection.exchange(request.as_bytes()).await?;
        expect(status, body)?;
        std::fs::write(&self.product, body)?;
        Ok(())
    }
}

fn register(number: usize) -> Vec<u8> {
    let body = json!({"email": email(number), "password": PASSWORD, "name": format!("Customer {number}")});
    post("/api/auth/register", "", &body)
}

fn email(number: usize) -> String {
    format!("customer{number}@bench.example")
}

fn user(number: usize, answer: &Value) -> Result<User, BenchError> {
    let id = answer
        .pointer("/user/id")
        .and_then(Value::as_str)
        .ok_or_else(|| BenchError::new("a user without an id"))?;
    Ok(User {
        id: id.parse()?,
        email: email(number),
        access_token: text(answer, "accessToken")?.to_owned(),
        refresh_token: text(answer, "refreshToken")?.to_owned(),
    })
}

/// About 300 bytes as an answer, with enough stock for any number of orders.
fn product(number: usize) -> Value {
    json!({
        "sku": format!("BENCH-{number:05}"), "name": format!("Bench product {number}"),
        "description": "Sits well, and stands a good deal of load.",
        "price": {"amount": 500 + number % 9000, "currency": "USD"}, "stock": 900_000_000,
        "category": format!("category-{}", number % 10), "attributes": {}, "status": "active",
    })
}

fn order(seed: &Seed, number: usize) -> Vec<u8> {
    let line = |(product, quantity): (Uuid, u32)| json!({"productId": product, "quantity": quantity});
    let items: Vec<Value> = seed.basket(number as u64).into_iter().map(line).collect();
    let user = &seed.users[number % seed.users.len()];
    post("/api/orders", &user.access_token, &json!({ "items": items }))
}

/// The resource in an answer, with or without the `data` envelope.
fn data(answer: &Value) -> &Value {
    answer.get("data").unwrap_or(answer)
}

fn text<'v>(value: &'v Value, key: &str) -> Result<&'v str, BenchError> {
    value
        .get(key)
        .and_then(Value::as_str)
        .ok_or_else(|| BenchError::new(format!("an answer without {key}: {value}")))
}

fn expect(status: u16, body: &[u8]) -> Result<(), BenchError> {
    if matches!(status, 200 | 201) {
        return Ok(());
    }
    Err(BenchError::new(format!(
        "the server answered {status} {}",
        String::from_utf8_lossy(body)
    )))
}

async fn one(address: SocketAddr, request: Vec<u8>) -> Result<Value, BenchError> {
    let mut answers = many(address, vec![request]).await?;
    answers.pop().ok_or_else(|| BenchError::new("no answer"))
}

/// Sends all requests over several connections; returns the answers in the order of the requests.
async fn many(address: SocketAddr, requests: Vec<Vec<u8>>) -> Result<Vec<Value>, BenchError> {
    let (requests, next) = (Rc::new(requests), Rc::new(Cell::new(0)));
    let send = |requests: Rc<Vec<Vec<u8>>>, next: Rc<Cell<usize>>| async move {
        let mut connection = Connection::open(address).await?;
        let mut answers = Vec::new();
        while let Some(request) = requests.get(next.replace(next.get() + 1)) {
            let at = next.get() - 1;
            let (status, body) = connection.exchange(request).await?;
            expect(status, body)?;
            answers.push((at, serde_json::from_slice(body)?));
        }
        Ok::<Vec<(usize, Value)>, BenchError>(answers)
    };
    let connections = AT_ONCE.min(requests.len());
    let tasks: Vec<_> = (0..connections)
        .map(|_| tokio::task::spawn_local(send(Rc::clone(&requests), Rc::clone(&next))))
        .collect();
    let mut answers = Vec::with_capacity(requests.len());
    for task in tasks {
        answers.extend(task.await??);
    }
    answers.sort_unstable_by_key(|(at, _)| *at);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}
