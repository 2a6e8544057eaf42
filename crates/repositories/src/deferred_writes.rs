//! The last writes of a transaction: entries, events, jobs and stored results, in one round trip.

use crate::idempotency::NewStoredResult;
use crate::jobs::NewJob;
use crate::leases;
use crate::orders::order_number_violation;
use crate::read::{BoundValue, bound, params};
use crate::{audit, audit_writers, idempotency, jobs, orders, outbox};
use mainstay_domain::access::Permit;
use mainstay_domain::audit::{AuthenticatedEntry, WriterEnd};
use mainstay_domain::event::OutboxEvent;
use mainstay_domain::job::Lease;
use mainstay_domain::order::Order;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Authorized, Param, Tx};

/// Rows whose results the transaction does not need before its end. Nothing is written before
/// [`flush`](DeferredWrites::flush).
#[derive(Debug, Default)]
pub struct DeferredWrites {
    entries: Vec<Entry>,
}

#[derive(Debug)]
enum Entry {
    Order(Box<Order>, Vec<Authorized<'static>>),
    Audit(Box<AuthenticatedEntry>),
    Writer(WriterEnd),
    OutboxEvent(Box<OutboxEvent>),
    Job(Box<NewJob>, bool),
    Idempotency(Box<NewStoredResult>),
    Finish(Lease, Timestamp),
}

/// What was not written, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FlushOutcome {
    /// Another result was stored under the same idempotency key.
    pub idempotency_taken: bool,
    /// The lease of the job to be finished is no longer valid.
    pub lease_lost: bool,
    /// The record of the writer of the audit entries is missing.
    pub writer_gone: bool,
    /// Number of jobs that were not added because one of the same unique key waits or runs.
    pub jobs_known: usize,
}

impl DeferredWrites {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a new order with its items.
    ///
    /// # Errors
    /// `Internal` when the permit is for another order or action: a bug.
    pub fn order(&mut self, permit: &Permit<Order>, order: Order) -> Result<()> {
        let inserts = orders::authorize_inserts(permit, &order)?;
        self.entries.push(Entry::Order(Box::new(order), inserts));
        Ok(())
    }

    /// Adds an entry of the audit trail.
    pub fn audit(&mut self, entry: AuthenticatedEntry) {
        self.entries.push(Entry::Audit(Box::new(entry)));
    }

    /// Sets how many entries their writer has written, including these.
    pub fn audit_writer(&mut self, end: WriterEnd) {
        self.entries.push(Entry::Writer(end));
    }

    /// Adds an event for subscribers.
    pub fn event(&mut self, event: OutboxEvent) {
        self.entries.push(Entry::OutboxEvent(Box::new(event)));
    }

    /// Adds a job to enqueue.
    pub fn job(&mut self, job: NewJob) {
        let due = job.is_due();
        self.entries.push(Entry::Job(Box::new(job), due));
    }

    /// Adds a result to store under its idempotency key.
    pub fn idempotency(&mut self, new: NewStoredResult) {
        self.entries.push(Entry::Idempotency(Box::new(new)));
    }

    /// Marks the job that this transaction executes as done.
    pub fn finish_job(&mut self, lease: Lease, now: Timestamp) {
        self.entries.push(Entry::Finish(lease, now));
    }

    /// Writes everything in the order it was added, in one round trip.
    ///
    /// # Errors
    /// Only the database's; a taken order number causes a retry, which uses another one.
    pub async fn flush(self, tx: &mut Tx) -> Result<FlushOutcome> {
        let mut outcome = FlushOutcome::default();
        if self.entries.is_empty() {
            return Ok(outcome);
        }
        let mut bound: Vec<Write<'_>> = Vec::with_capacity(2 * self.entries.len());
        self.entries
            .iter()
            .for_each(|entry| add_writes(entry, &mut bound));
        let values: Vec<Vec<&dyn Param>> = bound.iter().map(|(_, _, values)| params(values)).collect();
        let batch: Vec<(Authorized<'_>, &[&dyn Param])> = bound
            .iter()
            .zip(&values)
            .map(|((_, change, _), values)| (*change, values.as_slice()))
            .collect();
        let written = tx.batch(&batch).await.map_err(order_number_violation)?;
        for ((entry, ..), changed) in bound.iter().zip(written) {
            match (entry, changed) {
                (Entry::Idempotency(_), 0) => outcome.idempotency_taken = true,
                (Entry::Finish(..), 0) => outcome.lease_lost = true,
                (Entry::Writer(_), 0) => outcome.writer_gone = true,
                (Entry::Job(..), 0) => outcome.jobs_known += 1,
                (_, 0) => return Err(Error::bug("a row at the end of a transaction was not written")),
                _ => {}
            }
        }
        Ok(outcome)
    }
}

/// A change with its values, and the entry that it writes.
type Write<'e> = (&'e Entry, Authorized<'static>, Vec<BoundValue<'e>>);

/// Adds the changes that write an entry.
fn add_writes<'e>(entry: &'e Entry, writes: &mut Vec<Write<'e>>) {
    let (change, values) = match entry {
        Entry::Order(order, inserts) => {
            let rows = inserts.iter().zip(orders::inserted_rows(order));
            return writes.extend(rows.map(|(insert, values)| (entry, *insert, values)));
        }
        Entry::Audit(audited) => audit::inserting(audited),
        Entry::Writer(end) => audit_writers::moving(end),
        Entry::OutboxEvent(event) => outbox::inserting(event),
        Entry::Job(job, due) => jobs::inserting(job, due),
        Entry::Idempotency(new) => idempotency::inserting(new),
        Entry::Finish(lease, now) => (
            leases::FINISH.exempt(),
            vec![bound(&lease.job), bound(&lease.fence), bound(now)],
        ),
    };
    writes.push((entry, change, values));
}
