//! Sessions and one-time tokens.

use crate::fixtures::*;
use crate::harness::on_both;
use mainstay_domain::access::{SystemCaller, permit_all};
use mainstay_domain::error::Error;
use mainstay_domain::id::SessionId;
use mainstay_domain::one_time_token::{OneTimeToken, TokenPurpose};
use mainstay_domain::page::PageRequest;
use mainstay_domain::session::Session;
use mainstay_platform::database::ReadMode;
use mainstay_repositories::{AccessChanges, OneTimeTokens, Sessions};

const FIRST_PAGE: PageRequest = PageRequest::From {
    cursor: None,
    limit: 100,
};

#[test]
fn a_session_advances_once_from_each_generation() {
    on_both(async |store| {
        put_user(&store, &user(1)).await;
        write!(store, [], |tx| {
            let mut sessions = Sessions::new(tx);
            let first = session(1, id(1));
            sessions
                .insert(&permit_to(Session::LOGIN, &first), &first, b"sealed")
                .await?;
            assert_eq!(
                sessions.with_seed(&own(id(1)), first.id).await?,
                Some((first.clone(), b"sealed".to_vec()))
            );
            assert_eq!(sessions.with_seed(&own(id(2)), first.id).await?, None);
            let next = Session {
                generation: 1,
                last_seen_at: at(200),
                expires_at: at(2000),
                ..first.clone()
            };
            assert!(
                sessions
                    .advance(&permit_to(Session::REFRESH, &next), &next, 0)
                    .await?
            );
            assert!(
                !sessions
                    .advance(&permit_to(Session::REFRESH, &next), &next, 0)
                    .await?
            );
            assert_eq!(sessions.find(&everything(), first.id).await?, next);
            assert!(matches!(
                sessions.find(&own(id(2)), first.id).await,
                Err(Error::NotFound)
            ));
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn ended_sessions_stay_ended() {
    on_both(async |store| {
        put_user(&store, &user(1)).await;
        put_user(&store, &user(2)).await;
        write!(store, [], |tx| {
            let mut sessions = Sessions::new(tx);
            for (number, owner) in [(1, 1), (2, 1), (3, 1), (4, 2)] {
                let new = session(number, id(owner));
                sessions
                    .insert(&permit_to(Session::LOGIN, &new), &new, b"")
                    .await?;
            }
            let first = session(1, id(1));
            sessions
                .end(&permit_to(Session::LOGOUT, &first), &first, at(300))
                .await?;
            sessions
                .end(&permit_to(Session::LOGOUT, &first), &first, at(400))
                .await?;
            let next = Session {
                generation: 1,
                ..first.clone()
            };
            assert!(
                !sessions
                    .advance(&permit_to(Session::REFRESH, &next), &next, 0)
                    .await?
            );
            assert_eq!(
                sessions
                    .end_all(&permit_to(Session::LOGOUT, &user(1)), id(1), Some(id(2)), at(500))
                    .await?,
                [id(3)],
                "only sessions of the account"
            );
            let live: Vec<SessionId> = sessions
                .list(&own(id(1)), id(1), at(600), &FIRST_PAGE)
                .await?
                .items
                .iter()
                .map(|session| session.id)
                .collect();
            assert_eq!(live, [id(2)]);
            for (scope, now) in [(own(id(2)), at(600)), (everything(), at(1000))] {
                let page = sessions.list(&scope, id(1), now, &FIRST_PAGE).await?;
                assert_eq!(page.items, []);
            }
            let ended = sessions.ended_since(&everything(), 0).await?;
            assert_eq!(ended, [id(1), id(3)], "in the order of their numbers");
            // The end that changed nothing has used up the second number.
            assert_eq!(sessions.ended_since(&everything(), 1).await?, [id(3)]);
            assert!(sessions.ended_since(&everything(), 3).await?.is_empty());
            assert!(sessions.ended_since(&own(id(1)), 0).await?.is_empty());
            assert_eq!(
                sessions
                    .end_all(&permit_to(Session::LOGOUT, &user(1)), id(1), None, at(700))
                    .await?,
                [id(2)]
            );
            let permit = permit_all(SystemCaller::SWEEPER, Session::PRUNE);
            assert_eq!(sessions.prune(&permit, at(600)).await?, 2);
            assert_eq!(sessions.prune(&permit, at(1001)).await?, 2);
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn of_concurrent_refreshes_one_advances_the_session() {
    on_both(async |store| {
        put_user(&store, &user(1)).await;
        write!(store, [], |tx| {
            let new = session(1, id(1));
            Sessions::new(tx)
                .insert(&permit_to(Session::LOGIN, &new), &new, b"")
                .await
        })
        .unwrap();
        let attempts: Vec<_> = (0..8)
            .map(|_| {
                let store = std::sync::Arc::clone(&store);
                tokio::spawn(async move {
                    write!(store, [], |tx| {
                        let next = Session {
                            generation: 1,
                            ..session(1, id(1))
                        };
                        Sessions::new(tx)
                            .advance(&permit_to(Session::REFRESH, &next), &next, 0)
                            .await
                    })
                })
            })
            .collect();
        let mut advanced = 0;
        for attempt in attempts {
            advanced += usize::from(attempt.await.unwrap().unwrap());
        }
        assert_eq!(advanced, 1);
    });
}

#[test]
fn a_token_works_once_before_it_expires_and_for_its_purpose() {
    on_both(async |store| {
        put_user(&store, &user(1)).await;
        write!(store, [], |tx| {
            let (verify, setup) = (TokenPurpose::VerifyEmail, TokenPurpose::Setup);
            let token = |purpose, user_id| OneTimeToken {
                purpose,
                user_id,
                payload: Some("{}".to_owned()),
                browser: Some(vec![7; 32]),
                expires_at: at(500),
            };
            let mine = token(verify, Some(id(1)));
            let mut tokens = OneTimeTokens::new(tx);
            tokens.insert(b"mine", &mine, at(100)).await?;
            tokens
                .insert(b"without account", &token(setup, None), at(100))
                .await?;
            tokens.insert(b"late", &token(setup, None), at(100)).await?;
            assert_eq!(tokens.consume(setup, b"mine", at(200)).await?, None);
            assert_eq!(tokens.consume(verify, b"mine", at(500)).await?, None);
            assert_eq!(tokens.find(verify, b"mine", at(500)).await?, None);
            assert_eq!(tokens.find(verify, b"mine", at(499)).await?, Some(mine.clone()));
            assert_eq!(
                tokens.consume(verify, b"mine", at(499)).await?,
                Some(mine.clone())
            );
            assert_eq!(tokens.find(verify, b"mine", at(499)).await?, None);
            assert_eq!(tokens.consume(verify, b"mine", at(499)).await?, None);
            assert_eq!(
                tokens.consume(setup, b"without account", at(200)).await?,
                Some(token(setup, None))
            );
            assert_eq!(tokens.revoke_all(setup).await?, 1);
            assert_eq!(tokens.consume(setup, b"late", at(200)).await?, None);
            tokens.insert(b"again", &mine, at(100)).await?;
            assert_eq!(tokens.revoke_of(id(2), verify).await?, 0);
            assert_eq!(tokens.revoke_of(id(1), setup).await?, 0);
            assert_eq!(tokens.revoke_of(id(1), verify).await?, 1);
            assert_eq!(tokens.prune(at(501)).await?, 2, "the two that were used");
            Ok(())
        })
        .unwrap();
    });
}

/// A number that becomes visible after a greater one would never be read.
#[test]
fn of_sessions_that_end_at_once_a_reader_of_numbers_misses_none() {
    const SESSIONS: u128 = 24;
    on_both(async |store| {
        put_user(&store, &user(1)).await;
        write!(store, [], |tx| {
            for number in 1..=SESSIONS {
                let new = session(number, id(1));
                Sessions::new(tx)
                    .insert(&permit_to(Session::LOGIN, &new), &new, b"")
                    .await?;
            }
            Ok(())
        })
        .unwrap();
        let ends: Vec<_> = (1..=SESSIONS)
            .map(|number| {
                let store = std::sync::Arc::clone(&store);
                tokio::spawn(async move {
                    write!(store, [], |tx| {
                        let old = session(number, id(1));
                        Sessions::new(tx)
                            .end(&permit_to(Session::LOGOUT, &old), &old, at(300))
                            .await
                    })
                })
            })
            .collect();
        let (mut last, mut received) = (0, 0);
        while received < usize::try_from(SESSIONS).unwrap() {
            let read = store.database.read::<_, Error, _>(ReadMode::Thread, move |tx| {
                Box::pin(async move {
                    let now = AccessChanges::new(tx).current().await?;
                    let ended = Sessions::new(tx).ended_since(&everything(), last).await?;
                    Ok((now, ended.len()))
                })
            });
            let (now, ended) = read.await.unwrap();
            (last, received) = (now, received + ended);
            assert_eq!(
                i64::try_from(received).unwrap(),
                last,
                "each change once, and none passed over"
            );
        }
        for end in ends {
            end.await.unwrap().unwrap();
        }
    });
}
