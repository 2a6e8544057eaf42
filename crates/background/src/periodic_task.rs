//! Periodic tasks and the loop that runs them.

use crate::backoff::Backoff;
use futures_util::future::BoxFuture;
use mainstay_domain::Result;
use mainstay_domain::random::Random;
use mainstay_engine::Engine;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Whether a run of a task left work behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// No known work is left.
    Rest,
    /// More work is waiting: run again at once.
    More,
}

impl Progress {
    /// The progress after a batch of `done` items out of at most `limit`: a full batch may have left more.
    pub fn of(done: usize, limit: u32) -> Self {
        if u32::try_from(done).is_ok_and(|done| done < limit) {
            Self::Rest
        } else {
            Self::More
        }
    }
}

/// A task that runs repeatedly until the process stops.
pub trait PeriodicTask: Send + Sync + 'static {
    /// Name in the log.
    const NAME: &'static str;
    /// Maximum pause between two runs: work that another process left is found no later than this.
    const INTERVAL: Duration;
    /// Delay after a wake-up, so that work that arrives together is handled in one run.
    const DEBOUNCE: Duration = Duration::ZERO;
    /// Minimum pause between two runs that found nothing left to do. Work that arrives after a longer pause does not wait
    /// for it; work that keeps arriving shares runs, each of which costs a COMMIT.
    const SPACING: Duration = Duration::ZERO;
    /// Whether the task runs once more when the process stops, for state that exists only in memory.
    const RUN_AT_SHUTDOWN: bool = false;

    /// One run. A stop does not interrupt it, so it must be short.
    fn run_once(&mut self) -> impl Future<Output = Result<Progress>> + Send;

    /// Notification that ends the pause early.
    fn wakes(&self) -> Option<&Notify> {
        None
    }
}

/// Starts the loop of one task, which ends at the stop.
type Start = Arc<dyn Fn(Engine, CancellationToken) -> BoxFuture<'static, ()> + Send + Sync>;

/// Periodic tasks, each to be started over an engine: those of the product, and of an application that extends it.
#[derive(Clone, Default)]
pub struct PeriodicTasks(Vec<(&'static str, Start)>);

impl PeriodicTasks {
    /// No tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a task. It is made again after a panic.
    #[must_use]
    pub fn with<T: PeriodicTask>(mut self, make: impl Fn(Engine) -> T + Send + Sync + 'static) -> Self {
        let start: Start = Arc::new(move |engine: Engine, stop: CancellationToken| {
            let (random, task) = (Arc::clone(&engine.node().random), make(engine));
            Box::pin(async move { run(task, &stop, &*random).await })
        });
        self.0.push((T::NAME, start));
        self
    }

    /// The names of the tasks and how to start each.
    pub(crate) fn into_loops(self) -> impl Iterator<Item = (&'static str, Start)> {
        self.0.into_iter()
    }
}

/// Runs a task until the stop.
pub(crate) async fn run<C: PeriodicTask>(mut task: C, stop: &CancellationToken, random: &dyn Random) {
    let mut backoff = Backoff::new(C::NAME);
    while !stop.is_cancelled() {
        match task.run_once().await {
            Ok(Progress::More) => {
                backoff.over();
                // A task that never waits must yield to the other tasks of its thread.
                tokio::task::yield_now().await;
            }
            Ok(Progress::Rest) => {
                backoff.over();
                rest(&task, stop).await;
            }
            Err(error) => {
                let wait = backoff.failed(&error, random);
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(wait) => {}
                }
            }
        }
    }
    if C::RUN_AT_SHUTDOWN
        && let Err(error) = task.run_once().await
    {
        backoff.failed(&error, random);
    }
}

async fn rest<C: PeriodicTask>(task: &C, stop: &CancellationToken) {
    let spaced = tokio::time::sleep(C::SPACING);
    let woken = async {
        match task.wakes() {
            Some(notify) => notify.notified().await,
            None => std::future::pending().await,
        }
        tokio::join!(tokio::time::sleep(C::DEBOUNCE), spaced);
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = woken => {}
        () = tokio::time::sleep(C::INTERVAL) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::Error;
    use mainstay_domain::random::Counting;
    use parking_lot::Mutex;
    use tokio::time::Instant;

    /// Returns the scripted results one by one, then `Rest`; records the start of each run in milliseconds.
    struct Scripted {
        script: Vec<Result<Progress>>,
        started_at: Instant,
        runs: Arc<Mutex<Vec<u128>>>,
        wakes: Arc<Notify>,
    }

    impl PeriodicTask for Scripted {
        const NAME: &'static str = "scripted";
        const INTERVAL: Duration = Duration::from_secs(1);
        const DEBOUNCE: Duration = Duration::from_millis(50);
        const SPACING: Duration = Duration::from_millis(200);
        const RUN_AT_SHUTDOWN: bool = true;

        async fn run_once(&mut self) -> Result<Progress> {
            self.runs.lock().push(self.started_at.elapsed().as_millis());
            if self.script.is_empty() {
                Ok(Progress::Rest)
            } else {
                self.script.remove(0)
            }
        }

        fn wakes(&self) -> Option<&Notify> {
            Some(&self.wakes)
        }
    }

    struct Stage {
        runs: Arc<Mutex<Vec<u128>>>,
        wakes: Arc<Notify>,
        stop: CancellationToken,
        running: tokio::task::JoinHandle<()>,
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "tokio's test clock is paused and advances only when every task waits"
    )]
    fn start(script: Vec<Result<Progress>>) -> Stage {
        let (runs, wakes, stop) = (Arc::default(), Arc::<Notify>::default(), CancellationToken::new());
        let task = Scripted {
            script,
            started_at: Instant::now(),
            runs: Arc::clone(&runs),
            wakes: Arc::clone(&wakes),
        };
        let stop_token = stop.clone();
        let running = tokio::spawn(async move { run(task, &stop_token, &Counting::default()).await });
        Stage {
            runs,
            wakes,
            stop,
            running,
        }
    }

    async fn after(wait: u64) {
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }

    fn unavailable() -> Result<Progress> {
        Err(Error::Unavailable {
            what: "database",
            source: None,
        })
    }

    #[tokio::test(start_paused = true)]
    async fn runs_at_its_interval_or_at_once_when_work_is_left_or_it_is_woken() {
        let stage = start(vec![Ok(Progress::More), Ok(Progress::More), Ok(Progress::Rest)]);
        after(1500).await;
        assert_eq!(*stage.runs.lock(), [0, 0, 0, 1000]);
        stage.wakes.notify_one();
        after(700).await;
        assert_eq!(*stage.runs.lock(), [0, 0, 0, 1000, 1550]);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_keeps_arriving_shares_runs_and_work_after_a_pause_does_not_wait() {
        let stage = start(Vec::new());
        after(300).await;
        for _ in 0..60 {
            stage.wakes.notify_one();
            after(10).await;
        }
        assert_eq!(*stage.runs.lock(), [0, 350, 550, 750]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_pause_and_triggers_the_last_run() {
        let stage = start(Vec::new());
        after(300).await;
        stage.stop.cancel();
        stage.running.await.unwrap();
        assert_eq!(*stage.runs.lock(), [0, 300]);
    }

    #[tokio::test(start_paused = true)]
    async fn backs_off_while_the_database_is_unavailable() {
        let stage = start((0..40).map(|_| unavailable()).collect());
        after(60_000).await;
        let runs = stage.runs.lock().clone();
        let waits: Vec<_> = runs.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            (200..=300).contains(&waits[0]) && (400..=600).contains(&waits[1]),
            "{waits:?}"
        );
        assert!((6..=16).contains(&runs.len()), "{runs:?}");
        assert!(waits.iter().all(|wait| *wait <= 15_000), "{waits:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_backoff_wait() {
        let stage = start((0..40).map(|_| unavailable()).collect());
        after(10_000).await;
        stage.stop.cancel();
        tokio::time::timeout(Duration::from_millis(1), stage.running)
            .await
            .unwrap()
            .unwrap();
    }

    #[test]
    fn a_full_batch_means_that_more_work_may_be_left() {
        assert_eq!(
            [0, 99, 100, 101].map(|done| Progress::of(done, 100)),
            [Progress::Rest, Progress::Rest, Progress::More, Progress::More]
        );
    }
}
