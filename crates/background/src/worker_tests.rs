//! Tests of the worker's timing, on a paused clock that advances when every task waits.

use crate::queue::Queue;
use crate::worker::Worker;
use mainstay_domain::id::JobId;
use mainstay_domain::job::{Job, JobState, Lease};
use mainstay_domain::random::Counting;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A queue whose jobs take as many milliseconds as their payload says.
#[derive(Clone, Default)]
struct Scripted(Arc<State>);

#[derive(Default)]
struct State {
    due: Mutex<VecDeque<Job>>,
    claims: Mutex<Vec<u32>>,
    started: Mutex<Vec<JobId>>,
    done: Mutex<Vec<JobId>>,
    held: Mutex<Vec<Vec<Lease>>>,
    released: Mutex<Vec<Lease>>,
    unavailable: Mutex<bool>,
    now: Mutex<Timestamp>,
    wakes: Notify,
}

impl Queue for Scripted {
    async fn claim(&self, limit: u32) -> Result<Vec<Job>> {
        self.0.claims.lock().push(limit);
        if *self.0.unavailable.lock() {
            return Err(Error::Unavailable {
                what: "database",
                source: None,
            });
        }
        let mut due = self.0.due.lock();
        let count = due.len().min(limit as usize);
        Ok(due.drain(..count).collect())
    }

    async fn run(&self, job: Job) {
        self.0.started.lock().push(job.id);
        tokio::time::sleep(Duration::from_millis(job.payload.parse().unwrap())).await;
        self.0.done.lock().push(job.id);
    }

    async fn hold(&self, leases: Vec<Lease>) -> Result<()> {
        self.0.held.lock().push(leases);
        Ok(())
    }

    async fn release(&self, leases: Vec<Lease>) -> Result<()> {
        self.0.released.lock().extend(leases);
        Ok(())
    }

    fn wakes(&self) -> &Notify {
        &self.0.wakes
    }

    fn now(&self) -> Timestamp {
        *self.0.now.lock()
    }
}

impl Scripted {
    fn add(&self, count: usize, millis: u64) -> Vec<Job> {
        let random = Counting::default();
        let first = self.0.due.lock().len() + self.0.started.lock().len();
        let job = |nth: usize| Job {
            id: JobId::make(
                Timestamp::from_seconds(i64::try_from(first + nth).unwrap()),
                &random,
            ),
            kind: "test".to_owned(),
            queue: "default".to_owned(),
            payload: millis.to_string(),
            state: JobState::Running,
            attempts: 1,
            max_attempts: 8,
            run_at: Timestamp::default(),
            last_error: None,
            request_id: None,
            created_at: Timestamp::default(),
            finished_at: None,
            fence: 1,
        };
        let jobs: Vec<_> = (0..count).map(job).collect();
        self.0.due.lock().extend(jobs.iter().cloned());
        jobs
    }

    fn start(&self, at_once: usize, grace: u64) -> (CancellationToken, JoinHandle<()>) {
        let (queue, stop) = (self.clone(), CancellationToken::new());
        let stop_token = stop.clone();
        let work = async move {
            let worker = Worker::new(queue, at_once, Duration::from_millis(grace));
            worker.work(&stop_token, &Counting::default()).await;
        };
        (stop, tokio::spawn(work))
    }

    fn counts(&self) -> (usize, usize, usize) {
        (
            self.0.started.lock().len(),
            self.0.done.lock().len(),
            self.0.released.lock().len(),
        )
    }
}

async fn after(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

#[tokio::test(start_paused = true)]
async fn runs_at_most_at_once_jobs_and_a_slow_one_delays_no_other() {
    let queue = Scripted::default();
    queue.add(1, 10_000);
    queue.add(20, 100);
    let _worker = queue.start(4, 0);
    after(50).await;
    assert_eq!(queue.counts(), (4, 0, 0));
    after(1000).await;
    assert_eq!(queue.counts(), (21, 20, 0));
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_claims_at_once_and_without_one_it_polls_every_second() {
    let queue = Scripted::default();
    let _worker = queue.start(4, 0);
    after(300).await;
    queue.add(1, 10);
    queue.0.wakes.notify_one();
    after(20).await;
    assert_eq!(queue.counts(), (1, 1, 0));
    queue.add(1, 10);
    after(900).await;
    assert_eq!(queue.counts().0, 1);
    after(150).await;
    assert_eq!(queue.counts(), (2, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn jobs_are_claimed_in_batches_and_an_idle_worker_polls_rarely() {
    let queue = Scripted::default();
    queue.add(80, 10);
    let _worker = queue.start(8, 0);
    after(500).await;
    assert_eq!(queue.counts(), (80, 80, 0));
    assert!(queue.0.claims.lock().len() <= 12, "{:?}", queue.0.claims.lock());
    let claims_before = queue.0.claims.lock().len();
    after(10_000).await;
    assert!(queue.0.claims.lock().len() - claims_before <= 10);
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_running_jobs_finish_and_releases_the_waiting_ones() {
    let queue = Scripted::default();
    let jobs = queue.add(4, 500);
    let (stop, worker) = queue.start(2, 1000);
    after(100).await;
    stop.cancel();
    worker.await.unwrap();
    assert_eq!(queue.counts(), (2, 2, 2));
    assert_eq!(*queue.0.released.lock(), [jobs[2].lease(), jobs[3].lease()]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_exceeds_the_grace_period_is_aborted_and_released() {
    let queue = Scripted::default();
    let slow = queue.add(1, 60_000).remove(0);
    queue.add(1, 500);
    let (stop, worker) = queue.start(2, 1000);
    after(100).await;
    stop.cancel();
    tokio::time::timeout(Duration::from_millis(1001), worker)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(*queue.0.released.lock(), [slow.lease()]);
    after(120_000).await;
    assert_eq!(queue.0.done.lock().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn while_the_database_is_unavailable_running_jobs_continue_and_claims_back_off() {
    let queue = Scripted::default();
    queue.add(1, 30_000);
    let _worker = queue.start(2, 0);
    after(10).await;
    *queue.0.unavailable.lock() = true;
    after(60_000).await;
    assert_eq!(queue.counts(), (1, 1, 0));
    assert!(
        (6..=20).contains(&queue.0.claims.lock().len()),
        "{:?}",
        queue.0.claims.lock()
    );
    *queue.0.unavailable.lock() = false;
    queue.add(1, 10);
    after(16_000).await;
    assert_eq!(queue.counts(), (2, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waited_too_long_is_released_unstarted() {
    let queue = Scripted::default();
    queue.add(1, 200_000);
    let jobs = queue.add(1, 10);
    let _worker = queue.start(1, 0);
    after(119_000).await;
    *queue.0.now.lock() = Timestamp::from_seconds(119);
    after(2000).await;
    assert_eq!(queue.counts(), (1, 0, 0));
    *queue.0.now.lock() = Timestamp::from_seconds(121);
    after(2000).await;
    assert_eq!(*queue.0.released.lock(), [jobs[0].lease()]);
    after(100_000).await;
    assert_eq!(queue.counts(), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn leases_are_extended_while_the_worker_runs_and_drains() {
    let queue = Scripted::default();
    let jobs = queue.add(2, 30_000);
    let (stop, _worker) = queue.start(1, 20_000);
    after(15_000).await;
    let both: Vec<Lease> = jobs.iter().map(Job::lease).collect();
    assert_eq!(
        *queue.0.held.lock(),
        [both.clone(), both.clone(), both],
        "the waiting job's lease too"
    );
    stop.cancel();
    after(10_000).await;
    let held = queue.0.held.lock().clone();
    assert!(held.len() >= 5 && held[4] == [jobs[0].lease()], "{held:?}");
}
