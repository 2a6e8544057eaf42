//! How long the token of a revoked session is accepted.

use crate::error::BenchError;
use crate::load::{Connection, Histogram, get, post};
use crate::measured::Measured;
use crate::seed::{PASSWORD, Seed, User};
use mainstay_platform::stopwatch::Stopwatch;
use serde_json::{Value, json};
use std::cell::Cell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The servers, and the number of sessions.
#[derive(clap::Args)]
pub(crate) struct Revoke {
    /// Address of the server that revokes.
    #[arg(long)]
    address: SocketAddr,
    /// Address of the server that has to refuse, which may be the same.
    #[arg(long)]
    refuses: SocketAddr,
    /// The file that `prepare` wrote.
    #[arg(long)]
    seed: PathBuf,
    #[arg(long, default_value_t = 200)]
    rounds: usize,
}

/// After this, a token that is still accepted, or not accepted yet, is an error.
const LIMIT: Duration = Duration::from_secs(10);
const ME: &str = "/api/users/me";

impl Revoke {
    /// Signs in, lets the token be used, revokes the session, and sends one request after the other until one is refused.
    /// The times are those from sending the revocation to reading the refusal.
    pub(crate) async fn run(self) -> Result<Measured, BenchError> {
        let seed = Seed::read(&self.seed)?;
        let (watch, mut took) = (Stopwatch::start(), Histogram::new());
        for number in 0..self.rounds {
            let user = &seed.users[number % seed.users.len()];
            took.add(self.round(user).await?);
        }
        Ok(Measured {
            count: u64::try_from(self.rounds)?,
            elapsed_us: watch.micros(),
            p50_us: took.percentile(50),
            p99_us: took.percentile(99),
            max_us: took.max(),
            ..Measured::default()
        })
    }

    async fn round(&self, user: &User) -> Result<u64, BenchError> {
        let mut revokes = Connection::open(self.address).await?;
        let mut refuses = Connection::open(self.refuses).await?;
        let token = sign_in(&mut revokes, user).await?;
        let request = get(ME, &token);
        wait_until_accepted(&mut refuses, &request).await?;
        let (watch, acknowledged) = (Stopwatch::start(), Cell::new(false));
        let revoke = async {
            let (status, body) = revokes
                .exchange(&post("/api/auth/logout", &token, &json!({})))
                .await?;
            acknowledged.set(true);
            expect(status, 204, body)
        };
        let refused = async {
            while watch.elapsed() < LIMIT {
                let is_after = acknowledged.get();
                let (status, body) = refuses.exchange(&request).await?;
                if status == 401 {
                    return Ok(watch.micros());
                }
                expect(status, 200, body)?;
                // The node that revokes knows it before it answers.
                if is_after && self.address == self.refuses {
                    return Err(BenchError::new(
                        "a token was accepted after its session had ended",
                    ));
                }
            }
            Err(BenchError::new("a revoked token was accepted for ten seconds"))
        };
        let (revoked, refused) = tokio::join!(revoke, refused);
        revoked?;
        refused
    }
}

async fn sign_in(connection: &mut Connection, user: &User) -> Result<String, BenchError> {
    let body = json!({"email": user.email, "password": PASSWORD});
    let (status, body) = connection.exchange(&post("/api/auth/login", "", &body)).await?;
    expect(status, 200, body)?;
    let answer: Value = serde_json::from_slice(body)?;
    let token = answer.pointer("/data/accessToken").and_then(Value::as_str);
    Ok(token
        .ok_or_else(|| BenchError::new("a sign-in without a token"))?
        .to_owned())
}

/// Uses a token until the server accepts it: another node may not know the session yet.
async fn wait_until_accepted(connection: &mut Connection, request: &[u8]) -> Result<(), BenchError> {
    let watch = Stopwatch::start();
    loop {
        let (status, body) = connection.exchange(request).await?;
        if status != 401 || watch.elapsed() > LIMIT {
            return expect(status, 200, body);
        }
    }
}

fn expect(status: u16, expected: u16, body: &[u8]) -> Result<(), BenchError> {
    if status == expected {
        return Ok(());
    }
    let text = String::from_utf8_lossy(body);
    Err(BenchError::new(format!("{status} instead of {expected}: {text}")))
}
