//! Something that is done again and again.

use crate::outage::Outage;
use mainstay_domain::Result;
use mainstay_domain::random::Random;
use std::future::Future;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What a turn left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing, as far as anybody knows.
    Rest,
    /// More of the same: another turn at once.
    More,
}

impl Turn {
    /// A turn that did `done` of at most `limit` leaves more when it did as many as it could.
    pub(crate) fn of(done: usize, limit: u32) -> Self {
        if u32::try_from(done).is_ok_and(|done| done < limit) {
            Self::Rest
        } else {
            Self::More
        }
    }
}

/// Something that is done again and again.
pub(crate) trait Chore: Send + Sync + 'static {
    /// Its name in the log.
    const NAME: &'static str;
    /// How long it rests at the most. What another process left is found no later than this.
    const REST: Duration;
    /// How long it waits after it was woken, so that what comes together is done together.
    const SETTLE: Duration = Duration::ZERO;
    /// Whether it is done once more when the process stops, for what is only in memory.
    const AT_THE_END: bool = false;

    /// One turn. It is not interrupted by a stop, so it must be short.
    fn turn(&mut self) -> impl Future<Output = Result<Turn>> + Send;

    /// What ends a rest early.
    fn wakes(&self) -> Option<&Notify> {
        None
    }
}

/// Takes turns until the stop.
pub(crate) async fn keep<C: Chore>(mut chore: C, stop: &CancellationToken, random: &dyn Random) {
    let mut outage = Outage::new(C::NAME);
    while !stop.is_cancelled() {
        match chore.turn().await {
            Ok(Turn::More) => {
                outage.over();
                // A turn that never waits must not keep the others of this thread from theirs.
                tokio::task::yield_now().await;
            }
            Ok(Turn::Rest) => {
                outage.over();
                rest(&chore, stop).await;
            }
            Err(error) => {
                let wait = outage.failed(&error, random);
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(wait) => {}
                }
            }
        }
    }
    if C::AT_THE_END
        && let Err(error) = chore.turn().await
    {
        outage.failed(&error, random);
    }
}

async fn rest<C: Chore>(chore: &C, stop: &CancellationToken) {
    let woken = async {
        match chore.wakes() {
            Some(notify) => notify.notified().await,
            None => std::future::pending().await,
        }
        tokio::time::sleep(C::SETTLE).await;
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = woken => {}
        () = tokio::time::sleep(C::REST) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::Error;
    use mainstay_domain::random::Counting;
    use parking_lot::Mutex;
    use std::sync::Arc;
    use tokio::time::Instant;

    /// Does what the script says, turn by turn, then rests; keeps the times of its turns in milliseconds.
    struct Scripted {
        script: Vec<Result<Turn>>,
        began: Instant,
        turns: Arc<Mutex<Vec<u128>>>,
        wakes: Arc<Notify>,
    }

    impl Chore for Scripted {
        const NAME: &'static str = "scripted";
        const REST: Duration = Duration::from_secs(1);
        const SETTLE: Duration = Duration::from_millis(50);
        const AT_THE_END: bool = true;

        async fn turn(&mut self) -> Result<Turn> {
            self.turns.lock().push(self.began.elapsed().as_millis());
            if self.script.is_empty() {
                Ok(Turn::Rest)
            } else {
                self.script.remove(0)
            }
        }

        fn wakes(&self) -> Option<&Notify> {
            Some(&self.wakes)
        }
    }

    struct Stage {
        turns: Arc<Mutex<Vec<u128>>>,
        wakes: Arc<Notify>,
        stop: CancellationToken,
        kept: tokio::task::JoinHandle<()>,
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the runtime's clock stands still here, and moves when all wait"
    )]
    fn begin(script: Vec<Result<Turn>>) -> Stage {
        let (turns, wakes, stop) = (Arc::default(), Arc::<Notify>::default(), CancellationToken::new());
        let chore = Scripted {
            script,
            began: Instant::now(),
            turns: Arc::clone(&turns),
            wakes: Arc::clone(&wakes),
        };
        let told = stop.clone();
        let kept = tokio::spawn(async move { keep(chore, &told, &Counting::default()).await });
        Stage {
            turns,
            wakes,
            stop,
            kept,
        }
    }

    async fn after(wait: u64) {
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }

    fn away() -> Result<Turn> {
        Err(Error::Unavailable {
            what: "database",
            source: None,
        })
    }

    #[tokio::test(start_paused = true)]
    async fn rests_between_turns_unless_there_is_more_or_it_is_woken() {
        let stage = begin(vec![Ok(Turn::More), Ok(Turn::More), Ok(Turn::Rest)]);
        after(1500).await;
        assert_eq!(*stage.turns.lock(), [0, 0, 0, 1000]);
        stage.wakes.notify_one();
        after(700).await;
        assert_eq!(*stage.turns.lock(), [0, 0, 0, 1000, 1550]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_rest_and_the_last_turn_is_taken() {
        let stage = begin(Vec::new());
        after(300).await;
        stage.stop.cancel();
        stage.kept.await.unwrap();
        assert_eq!(*stage.turns.lock(), [0, 300]);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_longer_and_longer_while_the_database_is_away() {
        let stage = begin((0..40).map(|_| away()).collect());
        after(60_000).await;
        let turns = stage.turns.lock().clone();
        let waits: Vec<_> = turns.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            (200..=300).contains(&waits[0]) && (400..=600).contains(&waits[1]),
            "{waits:?}"
        );
        assert!((6..=16).contains(&turns.len()), "{turns:?}");
        assert!(waits.iter().all(|wait| *wait <= 15_000), "{waits:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_wait_for_the_database() {
        let stage = begin((0..40).map(|_| away()).collect());
        after(10_000).await;
        stage.stop.cancel();
        tokio::time::timeout(Duration::from_millis(1), stage.kept)
            .await
            .unwrap()
            .unwrap();
    }

    #[test]
    fn a_full_batch_may_have_left_more() {
        assert_eq!(
            [0, 99, 100, 101].map(|done| Turn::of(done, 100)),
            [Turn::Rest, Turn::Rest, Turn::More, Turn::More]
        );
    }
}
