//! Jobs: claimed by one worker at a time, finished only by the holder of the lease, never lost.

use crate::fixtures::*;
use crate::harness::{Store, on_both};
use mainstay_domain::error::Error;
use mainstay_domain::id::JobId;
use mainstay_domain::job::{Job, JobState, Lease};
use mainstay_domain::time::Timestamp;
use mainstay_repositories::{JobFilter, Jobs, NewJob};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

async fn enqueue(store: &Store, jobs: &[NewJob]) {
    let jobs = jobs.to_vec();
    write!(store, [jobs], |tx| {
        for job in &jobs {
            assert!(Jobs::new(tx).enqueue(job).await?);
        }
        Ok(())
    })
    .unwrap();
}

async fn claim(store: &Store, limit: u32, now: Timestamp) -> Vec<Job> {
    write!(store, [], |tx| {
        let mut jobs = Jobs::new(tx);
        jobs.recover(now).await?;
        jobs.claim(&[], limit, now, MINUTE).await
    })
    .unwrap()
}

async fn state(store: &Store, number: u128) -> Job {
    write!(store, [], |tx| {
        Jobs::new(tx).find(&everything(), id(number)).await
    })
    .unwrap()
}

fn ids(jobs: &[Job]) -> Vec<JobId> {
    jobs.iter().map(|job| job.id).collect()
}

#[test]
fn the_most_urgent_due_job_is_claimed_first() {
    on_both(async |store| {
        enqueue(
            &store,
            &[
                NewJob {
                    run_at: at(90),
                    ..job(1)
                },
                NewJob {
                    run_at: at(80),
                    ..job(2)
                },
                NewJob {
                    priority: 5,
                    ..job(3)
                },
                NewJob {
                    run_at: at(300),
                    priority: 9,
                    ..job(4)
                },
                NewJob {
                    queue: "slow".into(),
                    priority: -1,
                    ..job(5)
                },
            ],
        )
        .await;
        let next = write!(store, [], |tx| { Jobs::new(tx).next_due(at(100)).await }).unwrap();
        assert_eq!(next, Some(at(100)));
        let slow = write!(store, [], |tx| {
            Jobs::new(tx).claim(&["none", "slow"], 5, at(100), MINUTE).await
        });
        assert_eq!(ids(&slow.unwrap()), [id(5)]);
        assert_eq!(ids(&claim(&store, 2, at(100)).await), [id(3), id(2)]);
        assert_eq!(ids(&claim(&store, 9, at(100)).await), [id(1)]);
        assert!(claim(&store, 9, at(159)).await.is_empty());
        let next = write!(store, [], |tx| { Jobs::new(tx).next_due(at(120)).await }).unwrap();
        assert_eq!(next, Some(at(160)), "the end of a lease");
        let later = claim(&store, 9, at(300)).await;
        assert_eq!(later[0].id, id(4));
        assert_eq!(later.len(), 5);
    });
}

#[test]
fn a_claimed_job_is_running_and_finishes_once() {
    on_both(async |store| {
        enqueue(&store, &[job(1)]).await;
        let leased = claim(&store, 1, at(100)).await.remove(0);
        assert_eq!(
            (leased.state, leased.attempts, leased.fence),
            (JobState::Running, 1, 1)
        );
        let done = write!(store, [leased], |tx| {
            let mut jobs = Jobs::new(tx);
            assert!(jobs.progress(leased.lease(), 50).await?);
            assert!(jobs.extend(leased.lease(), at(500)).await?);
            assert!(jobs.claim(&[], 9, at(400), MINUTE).await?.is_empty());
            assert!(jobs.finish(leased.lease(), at(401)).await?);
            assert!(!jobs.finish(leased.lease(), at(402)).await?);
            assert!(!jobs.fail(leased.lease(), "late", None, at(402)).await?);
            assert!(!jobs.release(leased.lease()).await?);
            assert_eq!(jobs.next_due(at(402)).await?, None);
            jobs.find(&everything(), leased.id).await
        });
        let done = done.unwrap();
        assert_eq!(
            (done.state, done.finished_at, done.last_error),
            (JobState::Done, Some(at(401)), None)
        );
    });
}

#[test]
fn a_worker_with_an_expired_lease_cannot_finish_a_job_that_another_claimed() {
    on_both(async |store| {
        enqueue(&store, &[job(1)]).await;
        let slow = claim(&store, 1, at(100)).await.remove(0);
        let other = claim(&store, 1, at(160)).await.remove(0);
        assert_eq!(
            (other.id, other.fence, other.attempts),
            (slow.id, slow.fence + 1, 2)
        );
        write!(store, [slow, other], |tx| {
            let mut jobs = Jobs::new(tx);
            assert!(!jobs.finish(slow.lease(), at(161)).await?);
            assert!(!jobs.fail(slow.lease(), "x", Some(at(200)), at(161)).await?);
            assert!(!jobs.extend(slow.lease(), at(999)).await?);
            assert!(!jobs.release(slow.lease()).await?);
            assert!(!jobs.progress(slow.lease(), 1).await?);
            assert!(jobs.finish(other.lease(), at(161)).await?);
            assert!(
                !jobs
                    .finish(
                        Lease {
                            fence: other.fence + 1,
                            ..other.lease()
                        },
                        at(161)
                    )
                    .await?
            );
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn a_job_that_kills_its_workers_is_dead_after_its_last_attempt() {
    on_both(async |store| {
        enqueue(
            &store,
            &[NewJob {
                max_attempts: 2,
                ..job(1)
            }],
        )
        .await;
        assert_eq!(claim(&store, 1, at(100)).await.len(), 1);
        assert_eq!(claim(&store, 1, at(200)).await.len(), 1);
        let recovered = write!(store, [], |tx| { Jobs::new(tx).recover(at(300)).await }).unwrap();
        assert!(claim(&store, 1, at(300)).await.is_empty());
        let dead = state(&store, 1).await;
        assert_eq!((dead.state, dead.finished_at), (JobState::Dead, Some(at(300))));
        assert!(dead.last_error.is_some());
        assert_eq!(recovered, [dead], "the dead job is returned");
        let again = write!(store, [], |tx| { Jobs::new(tx).recover(at(400)).await }).unwrap();
        assert_eq!(again, [], "only once");
    });
}

#[test]
fn a_job_whose_workers_die_waits_longer_each_time() {
    on_both(async |store| {
        enqueue(
            &store,
            &[NewJob {
                max_attempts: 20,
                ..job(1)
            }],
        )
        .await;
        let mut now = 100;
        for wait in [0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600] {
            assert_eq!(claim(&store, 1, at(now)).await.len(), 1, "after {wait}");
            now += 60;
            let lost = write!(store, [], |tx| { Jobs::new(tx).recover(at(now)).await }).unwrap();
            assert_eq!(lost[0].state, JobState::Retrying);
            if wait > 0 {
                assert_eq!(lost[0].run_at, at(now + wait));
                assert!(
                    claim(&store, 1, at(now + wait - 1)).await.is_empty(),
                    "before {wait}"
                );
            }
            now += wait;
        }
    });
}

#[test]
fn a_failed_job_is_retried_later_or_dead() {
    on_both(async |store| {
        enqueue(&store, &[job(1)]).await;
        let leased = claim(&store, 1, at(100)).await.remove(0);
        let failed = write!(store, [leased], |tx| {
            Jobs::new(tx)
                .fail(leased.lease(), "it said \0 no", Some(at(500)), at(110))
                .await
        });
        assert!(failed.unwrap());
        let waiting = state(&store, 1).await;
        assert_eq!(
            (waiting.state, waiting.run_at, waiting.attempts),
            (JobState::Retrying, at(500), 1)
        );
        assert_eq!(waiting.last_error.as_deref(), Some("it said \u{FFFD} no"));
        assert!(claim(&store, 1, at(499)).await.is_empty());
        let again = claim(&store, 1, at(500)).await.remove(0);
        let failed = write!(store, [again], |tx| {
            Jobs::new(tx).fail(again.lease(), "no", None, at(510)).await
        });
        assert!(failed.unwrap());
        assert_eq!(state(&store, 1).await.state, JobState::Dead);
        assert!(claim(&store, 1, at(10_000)).await.is_empty());
    });
}

#[test]
fn a_released_job_does_not_count_the_attempt() {
    on_both(async |store| {
        enqueue(&store, &[job(1)]).await;
        let leased = claim(&store, 1, at(100)).await.remove(0);
        assert!(
            write!(store, [leased], |tx| {
                Jobs::new(tx).release(leased.lease()).await
            })
            .unwrap()
        );
        let released = state(&store, 1).await;
        assert_eq!((released.state, released.attempts), (JobState::Queued, 0));
        let again = claim(&store, 1, at(101)).await.remove(0);
        assert_eq!((again.attempts, again.fence), (1, 2));
    });
}

#[test]
fn at_most_one_job_of_a_unique_key_is_live() {
    on_both(async |store| {
        let unique = |number: u128| NewJob {
            unique_key: Some("report".into()),
            ..job(number)
        };
        enqueue(&store, &[unique(1), job(3), job(4)]).await;
        assert!(!write!(store, [], |tx| { Jobs::new(tx).enqueue(&unique(2)).await }).unwrap());
        let leased = claim(&store, 9, at(100)).await;
        assert_eq!(leased.len(), 3);
        assert!(!write!(store, [], |tx| { Jobs::new(tx).enqueue(&unique(2)).await }).unwrap());
        let first = leased[0].clone();
        write!(store, [first], |tx| {
            let mut jobs = Jobs::new(tx);
            assert!(jobs.fail(first.lease(), "no", None, at(101)).await?);
            assert!(jobs.enqueue(&unique(2)).await?);
            // Otherwise the dead job would become a second live one.
            assert!(
                !jobs
                    .retry(&permit_to(Job::RETRY, &first), &first, at(102))
                    .await?
            );
            let second = jobs.find(&everything(), id(2)).await?;
            assert!(
                jobs.cancel(&permit_to(Job::CANCEL, &second), &second, at(103))
                    .await?
            );
            assert!(
                !jobs
                    .cancel(&permit_to(Job::CANCEL, &second), &second, at(104))
                    .await?
            );
            assert!(
                jobs.retry(&permit_to(Job::RETRY, &first), &first, at(105))
                    .await?
            );
            assert!(
                !jobs
                    .retry(&permit_to(Job::RETRY, &first), &first, at(105))
                    .await?
            );
            let again = jobs.find(&everything(), first.id).await?;
            assert_eq!(
                (again.state, again.attempts, again.finished_at),
                (JobState::Queued, 0, None)
            );
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn a_job_cancelled_while_it_runs_cannot_be_finished() {
    on_both(async |store| {
        enqueue(&store, &[job(1)]).await;
        let leased = claim(&store, 1, at(100)).await.remove(0);
        write!(store, [leased], |tx| {
            let mut jobs = Jobs::new(tx);
            assert!(
                jobs.cancel(&permit_to(Job::CANCEL, &leased), &leased, at(110))
                    .await?
            );
            assert!(!jobs.finish(leased.lease(), at(120)).await?);
            Ok(())
        })
        .unwrap();
        assert_eq!(state(&store, 1).await.state, JobState::Cancelled);
    });
}

#[test]
fn only_callers_who_manage_jobs_see_them() {
    on_both(async |store| {
        enqueue(
            &store,
            &[
                job(1),
                NewJob {
                    queue: "slow".into(),
                    ..job(2)
                },
            ],
        )
        .await;
        let leased = claim(&store, 1, at(100)).await.remove(0);
        write!(store, [leased], |tx| {
            let mut jobs = Jobs::new(tx);
            assert!(jobs.finish(leased.lease(), at(110)).await?);
            assert!(matches!(
                jobs.find(&own(id(1)), id(1)).await,
                Err(Error::NotFound)
            ));
            assert!(
                jobs.list(&own(id(1)), &JobFilter::default(), &numbered(1, 9))
                    .await?
                    .items
                    .is_empty()
            );
            let all = jobs
                .list(&everything(), &JobFilter::default(), &numbered(1, 9))
                .await?;
            assert_eq!(ids(&all.items), [id(2), id(1)]);
            let slow = JobFilter {
                queue: Some("slow".into()),
                kind: Some("mail.send".into()),
                state: Some(JobState::Queued),
            };
            assert_eq!(jobs.list(&everything(), &slow, &first(9)).await?.items.len(), 1);
            assert_eq!(
                jobs.counts(&everything()).await?,
                [("slow".to_owned(), JobState::Queued, 1)]
            );
            assert_eq!(jobs.prune(at(110)).await?, 0);
            assert_eq!(jobs.prune(at(111)).await?, 1);
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn concurrent_workers_never_claim_the_same_job() {
    on_both(async |store| {
        let all: Vec<NewJob> = (1..=200)
            .map(|number| NewJob {
                run_at: at(50),
                ..job(number)
            })
            .collect();
        enqueue(&store, &all).await;
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let mut leased = Vec::new();
                    loop {
                        let claimed = claim(&store, 7, at(100)).await;
                        assert!(claimed.len() <= 7);
                        if claimed.is_empty() {
                            return leased;
                        }
                        leased.extend(claimed);
                    }
                })
            })
            .collect();
        let mut leased = Vec::new();
        for worker in workers {
            leased.extend(worker.await.unwrap());
        }
        assert!(leased.iter().all(|job| job.fence == 1 && job.attempts == 1));
        let different: HashSet<JobId> = leased.iter().map(|job| job.id).collect();
        assert_eq!((leased.len(), different.len()), (200, 200));
    });
}
