//! The sequence of requests of a connection.

use crate::error::BenchError;
use crate::seed::{PASSWORD, Seed, User};
use serde_json::{Value, json};
use std::rc::Rc;

/// The kind of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Workload {
    /// Single products, one after another.
    Read,
    /// The caller's twenty newest orders, as a numbered page.
    List,
    /// The same by cursor, which needs no count.
    ListByCursor,
    /// New orders of one to three products, each with an idempotency key of its own.
    Place,
    /// Token refreshes, each with the refresh token of the last answer.
    Refresh,
    /// Sign-ins with e-mail address and password.
    SignIn,
    /// Liveness checks, anonymous.
    Live,
}

/// The requests of one connection.
pub(crate) struct Script {
    kind: Kind,
    /// The next request.
    request: Vec<u8>,
    expected: u16,
}

enum Kind {
    Same,
    Read {
        seed: Rc<Seed>,
        id_at: usize,
        next: usize,
    },
    Place {
        orders: Rc<Vec<Vec<u8>>>,
        head: usize,
        next: usize,
        key: u64,
    },
    Refresh,
}

/// Number of different orders that are serialized in advance.
const ORDERS: u64 = 2048;

/// The scripts of `connections` connections. `salt` distinguishes the keys of two runs on the same server.
pub(crate) fn scripts(workload: Workload, seed: Seed, connections: usize, salt: u32) -> Vec<Script> {
    let seed = Rc::new(seed);
    let orders = Rc::new(if workload == Workload::Place {
        orders(&seed)
    } else {
        Vec::new()
    });
    let one = |number: usize| {
        let user = &seed.users[number % seed.users.len()];
        match workload {
            Workload::Read => read(&seed, user, number),
            Workload::List => Script::same(get("/api/orders?limit=20", &user.access_token)),
            Workload::ListByCursor => Script::same(get("/api/orders?limit=20&cursor=", &user.access_token)),
            Workload::Place => place(&orders, user, number, salt),
            Workload::Refresh => Script {
                kind: Kind::Refresh,
                request: refresh(&user.refresh_token),
                expected: 200,
            },
            Workload::SignIn => {
                let body = json!({"email": user.email, "password": PASSWORD});
                Script::same(post("/api/auth/login", "", &body))
            }
            Workload::Live => Script::same(b"GET /health/live HTTP/1.1\r\nHost: bench\r\n\r\n".to_vec()),
        }
    };
    (0..connections).map(one).collect()
}

impl Script {
    fn same(request: Vec<u8>) -> Self {
        Self {
            kind: Kind::Same,
            request,
            expected: 200,
        }
    }

    /// The status of an expected answer.
    pub(crate) fn expected(&self) -> u16 {
        self.expected
    }

    /// The next request.
    pub(crate) fn request(&self) -> &[u8] {
        &self.request
    }

    /// Prepares the next request from the body of the last answer.
    ///
    /// # Errors
    /// When the answer lacks what the next request needs.
    pub(crate) fn answered(&mut self, body: &[u8]) -> Result<(), BenchError> {
        match &mut self.kind {
            Kind::Same => {}
            Kind::Read { seed, id_at, next } => {
                *next = (*next + 1) % seed.products.len();
                seed.products[*next]
                    .hyphenated()
                    .encode_lower(&mut self.request[*id_at..*id_at + 36]);
            }
            Kind::Place {
                orders,
                head,
                next,
                key,
            } => {
                *next = (*next + 1) % orders.len();
                *key += 1;
                self.request.truncate(*head);
                self.request.extend_from_slice(format!("{key:016x}").as_bytes());
                self.request.extend_from_slice(&orders[*next]);
            }
            Kind::Refresh => {
                let answer: Value = serde_json::from_slice(body)?;
                let found = answer
                    .pointer("/data/refreshToken")
                    .or_else(|| answer.get("refreshToken"));
                let token = found
                    .and_then(Value::as_str)
                    .ok_or_else(|| BenchError::new("no refresh token in the answer"))?;
                self.request = refresh(token);
            }
        }
        Ok(())
    }
}

fn read(seed: &Rc<Seed>, user: &User, number: usize) -> Script {
    let next = number % seed.products.len();
    let request = get(
        &format!("/api/products/{}", seed.products[next]),
        &user.access_token,
    );
    Script {
        kind: Kind::Read {
            seed: Rc::clone(seed),
            id_at: "GET /api/products/".len(),
            next,
        },
        request,
        expected: 200,
    }
}

fn place(orders: &Rc<Vec<Vec<u8>>>, user: &User, number: usize, salt: u32) -> Script {
    let head = format!(
        "POST /api/orders HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: bench-{salt:08x}-{number:04x}-",
        user.access_token
    );
    let kind = Kind::Place {
        orders: Rc::clone(orders),
        head: head.len(),
        next: number * 29 % orders.len(),
        key: 0,
    };
    let mut script = Script {
        kind,
        request: head.into_bytes(),
        expected: 201,
    };
    // There is no answer yet, and `place` needs none.
    let _ = script.answered(b"");
    script
}

/// The part of the requests after the key: the end of the head, and the body.
fn orders(seed: &Seed) -> Vec<Vec<u8>> {
    let line = |(product, quantity)| json!({"productId": product, "quantity": quantity});
    let order = |number| {
        let items: Vec<Value> = seed.basket(number).into_iter().map(line).collect();
        let body = json!({ "items": items }).to_string();
        format!("\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    (0..ORDERS).map(order).collect()
}

fn refresh(token: &str) -> Vec<u8> {
    post("/api/auth/refresh", "", &json!({"refreshToken": token}))
}

/// A request with an access token.
pub(crate) fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// A request with a JSON body; `token` may be empty.
pub(crate) fn post(path: &str, token: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let credential = if token.is_empty() {
        String::new()
    } else {
        format!("Authorization: Bearer {token}\r\n")
    };
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\n{credential}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn seed() -> Seed {
        let user = |number: u128| User {
            id: Uuid::from_u128(number),
            email: format!("{number}@bench.example"),
            access_token: format!("token{number}"),
            refresh_token: "first".to_owned(),
        };
        Seed {
            users: (1..=2).map(user).collect(),
            products: (1..=9).map(Uuid::from_u128).collect(),
        }
    }

    fn text(script: &Script) -> String {
        String::from_utf8(script.request().to_vec()).unwrap()
    }

    #[test]
    fn each_read_requests_the_next_product() {
        let mut script = scripts(Workload::Read, seed(), 1, 0).remove(0);
        let first = text(&script);
        script.answered(b"{}").unwrap();
        let second = text(&script);
        assert!(
            first.contains("/00000000-0000-0000-0000-000000000001 HTTP/1.1\r\n"),
            "{first}"
        );
        assert!(
            second.contains("/00000000-0000-0000-0000-000000000002 HTTP/1.1\r\n"),
            "{second}"
        );
        assert!(second.ends_with("Bearer token1\r\n\r\n"));
    }

    #[test]
    fn orders_have_unique_keys_and_correct_lengths() {
        let mut keys = std::collections::BTreeSet::new();
        for mut script in scripts(Workload::Place, seed(), 3, 7) {
            for _ in 0..5 {
                let text = text(&script);
                let (head, body) = text.split_once("\r\n\r\n").unwrap();
                assert!(
                    head.contains(&format!("Content-Length: {}", body.len())),
                    "{text}"
                );
                assert!(serde_json::from_str::<Value>(body).unwrap()["items"][0]["quantity"].is_u64());
                assert!(
                    keys.insert(
                        head.lines()
                            .find(|line| line.starts_with("Idempotency-Key"))
                            .unwrap()
                            .to_owned()
                    )
                );
                script.answered(b"").unwrap();
            }
        }
    }

    #[test]
    fn each_refresh_uses_the_token_of_the_last_answer() {
        let mut script = scripts(Workload::Refresh, seed(), 1, 0).remove(0);
        assert!(text(&script).ends_with(r#"{"refreshToken":"first"}"#));
        script.answered(br#"{"data":{"refreshToken":"second"}}"#).unwrap();
        assert!(text(&script).ends_with(r#"{"refreshToken":"second"}"#));
        assert!(script.answered(b"{}").is_err());
    }
}
