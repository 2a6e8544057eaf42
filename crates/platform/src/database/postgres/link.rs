//! One connection to PostgreSQL inside a transaction.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use deadpool_postgres::Object;
use futures_util::future::join;
use tokio_postgres::{Error, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::deadline::answered;
use super::error::{explain, explain_begin, is_lost, is_stale_plan};
use super::value::Bound;
use crate::database::error::DatabaseError;
use crate::database::param::Param;
use crate::database::rows::Statement as Returning;
use crate::database::sql::Sql;
use crate::database::statement::Authorized;

/// A pooled connection, moved into a transaction. If it is dropped before the transaction has ended, the connection is
/// closed, so that the server rolls back and the pool never gets it back.
pub(crate) struct Link {
    client: Option<Object>,
    /// BEGIN, until it has been sent together with the first statement.
    begin: Option<&'static str>,
    open: bool,
    /// A statement was sent and its answer has not been read.
    unanswered: bool,
    /// The server ended the connection, or is read-only: another connection may lead to another server.
    lost: bool,
    /// How long the server may take for one answer before the connection counts as lost.
    limit: Duration,
    tls: MakeRustlsConnect,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        if self.unanswered
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // Without cancelling, the server would go on, holding its locks, until it next checks the connection.
            let (token, tls, limit) = (client.cancel_token(), self.tls.clone(), self.limit);
            runtime.spawn(async move { tokio::time::timeout(limit, token.cancel_query(tls)).await });
        }
        if self.open || self.unanswered || self.lost {
            drop(Object::take(client));
        }
    }
}

impl Link {
    /// Without a `begin` there is no transaction: each statement commits by itself.
    pub(super) fn new(
        client: Object,
        begin: Option<&'static str>,
        limit: Duration,
        tls: MakeRustlsConnect,
    ) -> Self {
        Self {
            client: Some(client),
            begin,
            open: false,
            unanswered: false,
            lost: false,
            limit,
            tls,
        }
    }

    pub(crate) async fn execute(&mut self, sql: &Sql, params: &[&dyn Param]) -> Result<u64, DatabaseError> {
        let limit = self.limit;
        let (client, begin) = self.send()?;
        let work = async {
            let statement = client.prepare_cached(sql.postgres()).await?;
            client.execute_raw(&statement, bound(params)).await
        };
        let outcome = answered(limit, after(client, begin, work)).await;
        self.received(outcome, sql.postgres())
    }

    /// The rows of an answer, and the number of rows changed.
    pub(crate) async fn query(
        &mut self,
        returning: Returning<'_>,
        params: &[&dyn Param],
    ) -> Result<(Vec<Row>, u64), DatabaseError> {
        let (limit, sql) = (self.limit, returning.sql());
        let (client, begin) = self.send()?;
        let work = async {
            let statement = client.prepare_cached(sql.postgres()).await?;
            let params: Vec<_> = params.iter().map(|param| Bound(param.value())).collect();
            let params: Vec<_> = params
                .iter()
                .map(|param| param as &(dyn tokio_postgres::types::ToSql + Sync))
                .collect();
            client.query(&statement, &params).await
        };
        let outcome = answered(limit, after(client, begin, work)).await;
        let rows = self.received(outcome, sql.postgres())?;
        let changed = if returning.only_reads() {
            0
        } else {
            rows.len() as u64
        };
        Ok((rows, changed))
    }

    /// Executes the changes in order, sending all before the first answer arrives.
    pub(crate) async fn batch(
        &mut self,
        changes: &[(Authorized<'_>, &[&dyn Param])],
    ) -> Result<Vec<u64>, DatabaseError> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let limit = self
            .limit
            .saturating_mul(u32::try_from(changes.len()).unwrap_or(u32::MAX));
        let (client, begin) = self.send()?;
        let work = async {
            // All are prepared before any is sent: a statement prepared earlier must not overtake one that is not.
            let prepare = changes
                .iter()
                .map(|(change, _)| client.prepare_cached(change.sql().postgres()));
            let prepared = InOrder::new(prepare)
                .await
                .into_iter()
                .collect::<Result<Vec<Statement>, _>>()?;
            let run = changes.iter().zip(&prepared);
            let run = run.map(|((_, params), statement)| client.execute_raw(statement, bound(params)));
            Ok(InOrder::new(run).await)
        };
        let outcome: Option<Result<Vec<Result<u64, Error>>, Refused>> =
            answered(limit, after(client, begin, work)).await;
        let answers = self.received(outcome, "BEGIN")?;
        let mut counts = Vec::with_capacity(answers.len());
        for (answer, (change, _)) in answers.into_iter().zip(changes) {
            counts.push(self.received(Some(answer.map_err(Refused::Statement)), change.sql().postgres())?);
        }
        Ok(counts)
    }

    /// Marks the connection as busy before anything is sent on it.
    fn send(&mut self) -> Result<(&Object, Option<&'static str>), DatabaseError> {
        if self.unanswered {
            return Err(DatabaseError::LostTransaction {
                reason: "a statement was abandoned".to_owned(),
            });
        }
        self.unanswered = true;
        let begin = self.begin.take();
        self.open |= begin.is_some();
        Ok((self.client()?, begin))
    }

    fn received<T>(&mut self, outcome: Option<Result<T, Refused>>, sql: &str) -> Result<T, DatabaseError> {
        // Still unanswered, so the connection is not used again.
        let outcome =
            outcome.ok_or_else(|| DatabaseError::unavailable("the server did not answer in time"))?;
        self.unanswered = false;
        outcome.map_err(|refused| {
            let (error, meaning) = match &refused {
                Refused::Begin(error) => (error, explain_begin(error, "BEGIN")),
                Refused::Statement(error) => (error, explain(error, sql)),
            };
            self.lost |= is_lost(error) || matches!(meaning, DatabaseError::ReadOnly { .. });
            if is_stale_plan(error)
                && let Ok(client) = self.client()
            {
                client.statement_cache.clear();
            }
            meaning
        })
    }

    fn client(&self) -> Result<&Object, DatabaseError> {
        self.client
            .as_ref()
            .ok_or_else(|| DatabaseError::unavailable("the connection was given up"))
    }

    /// Whether the body left a statement behind without reading its outcome.
    pub(super) fn abandoned(&self) -> bool {
        self.unanswered
    }

    /// Whether the connection to the server is lost.
    pub(super) fn is_lost(&self) -> bool {
        self.lost || self.client.as_ref().is_none_or(|client| client.is_closed())
    }

    /// Ends the transaction with COMMIT or ROLLBACK. A transaction that never sent a statement has nothing to end.
    /// `None` means that the server did not answer in time, so the outcome is unknown.
    pub(super) async fn end(&mut self, how: &'static str) -> Option<Result<(), Error>> {
        if !self.open {
            return Some(Ok(()));
        }
        let Some(client) = &self.client else {
            return Some(Ok(()));
        };
        let outcome = answered(self.limit, client.batch_execute(how)).await?;
        // A refused COMMIT ends the transaction as well: the server has rolled back.
        self.open = outcome.as_ref().is_err_and(|error| error.as_db_error().is_none());
        Some(outcome)
    }
}

fn bound<'p>(params: &'p [&'p dyn Param]) -> impl ExactSizeIterator<Item = Bound<'p>> {
    params.iter().map(|param| Bound(param.value()))
}

/// Which of the two the server refused: BEGIN or the statement that was sent with it.
enum Refused {
    Begin(Error),
    Statement(Error),
}

/// Runs `work` with BEGIN sent just before it, both answered in one round trip.
async fn after<T>(
    client: &Object,
    begin: Option<&'static str>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Refused> {
    let Some(begin) = begin else {
        return work.await.map_err(Refused::Statement);
    };
    // `join` polls the first future before the second, and polling is what sends.
    let (began, worked) = join(client.batch_execute(begin), work).await;
    began.map_err(Refused::Begin)?;
    worked.map_err(Refused::Statement)
}

/// A future, or its output.
type Slot<F> = Result<Pin<Box<F>>, Option<<F as Future>::Output>>;

/// Futures that are first polled, and so send, one after the other in order; all run to their end.
struct InOrder<F: Future> {
    futures: Vec<Slot<F>>,
}

impl<F: Future> InOrder<F> {
    fn new(futures: impl Iterator<Item = F>) -> Self {
        Self {
            futures: futures.map(|future| Ok(Box::pin(future))).collect(),
        }
    }
}

impl<F: Future> Unpin for InOrder<F> {}

impl<F: Future> Future for InOrder<F> {
    type Output = Vec<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut waiting = false;
        for slot in &mut self.futures {
            if let Ok(future) = slot {
                match future.as_mut().poll(context) {
                    Poll::Ready(output) => *slot = Err(Some(output)),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting {
            return Poll::Pending;
        }
        Poll::Ready(
            self.futures
                .drain(..)
                .filter_map(|slot| slot.err().flatten())
                .collect(),
        )
    }
}
