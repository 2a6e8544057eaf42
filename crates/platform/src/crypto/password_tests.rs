use super::*;
use mainstay_domain::random::Counting;
use proptest::prelude::*;

fn hasher(workers: usize, max_waiting: usize) -> PasswordHasher {
    let random = Arc::new(Counting::default());
    PasswordHasher::new(Params::fast_for_tests(), workers, max_waiting, random).unwrap()
}

fn secret(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

#[tokio::test]
async fn the_right_password_and_no_other() {
    let hasher = hasher(2, 10);
    let phc = hasher.hash(secret("correct horse")).await.unwrap();
    let right = hasher.verify(secret("correct horse"), &phc).await.unwrap();
    assert_eq!(
        right,
        Verdict {
            ok: true,
            needs_rehash: false
        }
    );
    for wrong in ["correct horsf", "correct hors", "correct horse ", ""] {
        let verdict = hasher.verify(secret(wrong), &phc).await.unwrap();
        assert_eq!(
            verdict,
            Verdict {
                ok: false,
                needs_rehash: false
            },
            "{wrong:?}"
        );
    }
}

#[tokio::test]
async fn the_same_password_never_hashes_alike() {
    let hasher = hasher(1, 10);
    let first = hasher.hash(secret("x")).await.unwrap();
    assert_ne!(hasher.hash(secret("x")).await.unwrap(), first);
}

#[tokio::test]
async fn the_default_is_what_owasp_recommends() {
    let hasher = PasswordHasher::new(Params::default(), 1, 0, Arc::new(Counting::default())).unwrap();
    let phc = hasher.hash(secret("x")).await.unwrap();
    assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
    assert_eq!(hasher.0.spare.lock()[0].len() * Block::SIZE, 19 * 1024 * 1024);
    hasher.trim();
    assert!(hasher.0.spare.lock().is_empty());
}

/// From the test suite of the reference implementation, so hashed by other code and with more memory than ours.
#[tokio::test]
async fn a_hash_with_other_parameters_is_checked_and_needs_renewal() {
    let phc = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let hasher = hasher(1, 10);
    let right = hasher.verify(secret("password"), phc).await.unwrap();
    assert_eq!(
        right,
        Verdict {
            ok: true,
            needs_rehash: true
        }
    );
    let wrong = hasher.verify(secret("passwore"), phc).await.unwrap();
    assert_eq!(
        wrong,
        Verdict {
            ok: false,
            needs_rehash: false
        }
    );
    assert!(hasher.0.spare.lock().is_empty(), "the larger memory is not kept");
}

#[tokio::test]
async fn no_account_costs_the_same_work_and_never_opens() {
    let hasher = hasher(1, 10);
    let decoy = Stored::parse(&hasher.0.decoy).unwrap();
    assert!(
        decoy.is_made_with(&hasher.0.argon2),
        "the same parameters, so the same work"
    );
    let verdict = hasher.verify_nothing(secret("anything")).await.unwrap();
    assert_eq!(
        verdict,
        Verdict {
            ok: false,
            needs_rehash: false
        }
    );
    assert_eq!(hasher.0.spare.lock().len(), 1, "the memory was really filled");
}

#[tokio::test]
async fn hashes_that_would_exhaust_the_machine_are_refused() {
    let hasher = hasher(1, 10);
    for params in ["m=4194304,t=2,p=1", "m=256,t=4000000,p=1", "m=65536,t=2,p=200"] {
        let phc = format!("$argon2id$v=19${params}$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
        assert_eq!(
            hasher.verify(secret("x"), &phc).await,
            Err(PasswordError::Unreadable),
            "{params}"
        );
    }
}

#[tokio::test]
async fn beyond_the_queue_callers_are_rejected_and_one_who_leaves_frees_a_slot() {
    let hasher = hasher(1, 2);
    let working = Arc::clone(&hasher.0.workers).acquire_owned().await.unwrap();
    let wait = || {
        let hasher = hasher.clone();
        tokio::spawn(async move { hasher.hash(secret("x")).await })
    };
    let (first, second) = (wait(), wait());
    while hasher.waiting() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(hasher.hash(secret("x")).await, Err(PasswordError::Busy));
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(hasher.waiting(), 1);
    let third = wait();
    drop(working);
    assert!(second.await.unwrap().is_ok());
    assert!(third.await.unwrap().is_ok());
    assert_eq!(hasher.waiting(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_bounded_by_the_workers() {
    let hasher = hasher(2, 1000);
    let all: Vec<_> = (0..100)
        .map(|_| {
            let hasher = hasher.clone();
            tokio::spawn(async move { hasher.hash(secret("x")).await })
        })
        .collect();
    for one in all {
        one.await.unwrap().unwrap();
    }
    assert!(hasher.0.spare.lock().len() <= 2);
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_free_the_worker_before_the_work_is_done() {
    let hasher = hasher(1, 10);
    let (started, begun) = std::sync::mpsc::channel();
    let (finish, finished) = std::sync::mpsc::channel::<()>();
    let slow = hasher.clone();
    let caller = tokio::spawn(async move {
        slow.run(move |_| {
            started.send(()).unwrap();
            finished.recv().unwrap();
            Ok(())
        })
        .await
    });
    tokio::task::spawn_blocking(move || begun.recv().unwrap())
        .await
        .unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert_eq!(hasher.0.workers.available_permits(), 0);
    finish.send(()).unwrap();
    assert!(hasher.hash(secret("x")).await.is_ok());
}

proptest! {
    #[test]
    fn reading_a_stored_hash_never_panics(text in "(\\$argon2id\\$v=19\\$)?[a-z0-9=,$+/]{0,80}|.{0,80}") {
        let _ = Stored::parse(&text);
    }
}
