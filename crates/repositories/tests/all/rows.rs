//! Ordinary rows: scopes, permits, versions, refusals of the database, lists.

mod note;
mod pages;

use crate::fixtures::*;
use crate::harness::{Store, on_both};
use mainstay_domain::access::{self, Action};
use mainstay_domain::error::Error;
use mainstay_domain::id::{Id, UserId};
use mainstay_domain::page::{PageInfo, PageRequest};
use mainstay_platform::database::{Engine, postgres_client, sqlite_connection};
use mainstay_repositories::statements::{self, Statement};
use mainstay_repositories::{RowQuery, Rows, migrate};
use note::*;

fn is_bug<T>(outcome: Result<T, Error>, word: &str) -> bool {
    let Err(error) = outcome else { return false };
    matches!(&error, Error::Internal(source) if format!("{source:?}").contains(word))
}

#[test]
fn a_row_is_read_as_it_was_written() {
    on_both(async |store| {
        let plain = note(1, 7);
        let bare = Note {
            weight: None,
            tags: Vec::new(),
            shown: true,
            ..note(2, 7)
        };
        with_notes(&store, vec![plain.clone(), bare.clone()]).await;
        write!(store, [plain, bare], |tx| {
            let mut rows = Rows::<Note>::new(tx);
            assert_eq!(rows.find(&everything(), plain.id).await?, plain);
            assert_eq!(rows.find(&everything(), bare.id).await?, bare);
            let changed = Note {
                title: "Other".to_owned(),
                stars: -1,
                weight: None,
                tags: Vec::new(),
                shown: true,
                // Fixed: an update leaves it as it is.
                created_at: at(999),
                version: 2,
                ..plain.clone()
            };
            rows.update(&system(EDIT, &changed), &changed).await?;
            let expected = Note {
                created_at: plain.created_at,
                ..changed
            };
            assert_eq!(rows.find(&everything(), plain.id).await?, expected);
            rows.delete(&system(REMOVE, &expected), &expected).await?;
            assert!(matches!(
                rows.find(&everything(), plain.id).await,
                Err(Error::NotFound)
            ));
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn the_scope_limits_what_is_found_and_listed() {
    on_both(async |store| {
        let shown = Note {
            shown: true,
            ..note(3, 8)
        };
        with_notes(&store, vec![note(1, 7), note(2, 8), shown]).await;
        write!(store, [], |tx| {
            let mut rows = Rows::<Note>::new(tx);
            for (scope, visible) in [
                (everything(), vec![1, 2, 3]),
                (access::scope(&person(id(9), &[READ_NOTES])), vec![1, 2, 3]),
                (own(id(7)), vec![1]),
                (own(id(8)), vec![2, 3]),
                (own(id(9)), vec![]),
                (anonymous(), vec![3]),
            ] {
                for number in 1..=3 {
                    let found = rows.find(&scope, id(number)).await;
                    match visible.contains(&number) {
                        true => assert_eq!(found?.id, id(number)),
                        false => assert!(matches!(found, Err(Error::NotFound)), "{number}: {found:?}"),
                    }
                }
                let query = RowQuery::new().sort_by("id", false)?;
                for page in [numbered(1, 9), first(9)] {
                    let listed = rows.list(&scope, &query, &page).await?;
                    let listed: Vec<Id<Note>> = listed.items.iter().map(|note| note.id).collect();
                    assert_eq!(
                        listed,
                        visible.iter().map(|number| id(*number)).collect::<Vec<_>>()
                    );
                }
            }
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn a_row_that_claims_another_owner_is_not_changed() {
    on_both(async |store| {
        with_notes(&store, vec![note(2, 8)]).await;
        // The policy permits it, because the row says that it is the caller's; the statement looks at the stored owner.
        let edited = Note {
            user_id: id(7),
            version: 2,
            ..note(2, 8)
        };
        let permit = |action, row: &Note| access::permit(&person(id(7), &[]), action, row);
        let outcome = write!(store, [edited], |tx| {
            Rows::new(tx).update(&permit(EDIT, &edited)?, &edited).await
        });
        assert!(lost_a_race(&outcome), "{outcome:?}");
        let removed = Note { version: 1, ..edited };
        let outcome = write!(store, [removed], |tx| {
            Rows::new(tx).delete(&permit(REMOVE, &removed)?, &removed).await
        });
        assert!(lost_a_race(&outcome), "{outcome:?}");
        let kept = write!(store, [], |tx| {
            Rows::<Note>::new(tx).find(&everything(), id(2)).await
        });
        assert_eq!(kept.unwrap(), note(2, 8));
    });
}

#[test]
fn a_permit_for_another_row_or_action_is_refused() {
    on_both(async |store| {
        with_notes(&store, vec![note(1, 7), note(2, 7)]).await;
        write!(store, [], |tx| {
            let mut rows = Rows::<Note>::new(tx);
            let (one, other) = (note(1, 7), note(2, 7));
            let next = Note {
                version: 2,
                ..one.clone()
            };
            for action in [WRITE, EDIT, REMOVE, Action::new("update")] {
                let permit = system(action, &other);
                assert!(is_bug(rows.insert(&permit, &note(5, 7)).await, "permit"));
                assert!(is_bug(rows.update(&permit, &next).await, "permit"));
                assert!(is_bug(rows.delete(&permit, &one).await, "permit"));
                let permit = system(action, &one);
                assert!(action == EDIT || is_bug(rows.update(&permit, &next).await, "permit"));
                assert!(action == REMOVE || is_bug(rows.delete(&permit, &one).await, "permit"));
                let new = note(5, 7);
                assert!(action == WRITE || is_bug(rows.insert(&system(action, &new), &new).await, "permit"));
            }
            assert_eq!(rows.find(&everything(), one.id).await?, one);
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn a_row_changed_meanwhile_is_not_overwritten() {
    on_both(async |store| {
        with_notes(&store, vec![note(1, 7)]).await;
        for version in [1, 3, 0] {
            let stale = Note {
                version,
                ..note(1, 7)
            };
            let outcome = write!(store, [stale], |tx| {
                Rows::new(tx).update(&system(EDIT, &stale), &stale).await
            });
            assert!(lost_a_race(&outcome), "{version}: {outcome:?}");
            if version != 1 {
                let outcome = write!(store, [stale], |tx| {
                    Rows::new(tx).delete(&system(REMOVE, &stale), &stale).await
                });
                assert!(lost_a_race(&outcome), "{version}: {outcome:?}");
            }
        }
        let absent = write!(store, [], |tx| {
            let absent = note(5, 7);
            Rows::new(tx).delete(&system(REMOVE, &absent), &absent).await
        });
        assert!(lost_a_race(&absent), "{absent:?}");
    });
}

#[test]
fn what_the_database_refuses_is_said_in_the_sentence_of_the_table() {
    on_both(async |store| {
        with_notes(&store, vec![note(1, 7), note(2, 7)]).await;
        let twin = Note {
            title: note(1, 7).title,
            ..note(3, 7)
        };
        let outcome = write!(store, [twin], |tx| {
            Rows::new(tx).insert(&system(WRITE, &twin), &twin).await
        });
        assert!(
            matches!(&outcome, Err(Error::Conflict(sentence)) if sentence == "you have such a note"),
            "{outcome:?}"
        );
        let twin = Note {
            title: note(1, 7).title,
            version: 2,
            ..note(2, 7)
        };
        let outcome = write!(store, [twin], |tx| {
            Rows::new(tx).update(&system(EDIT, &twin), &twin).await
        });
        assert!(
            matches!(&outcome, Err(Error::Conflict(sentence)) if sentence == "you have such a note"),
            "{outcome:?}"
        );
        // The same id is no conflict of the client's making.
        let again = Note {
            title: "Other".to_owned(),
            ..note(1, 7)
        };
        let outcome = write!(store, [again], |tx| {
            Rows::new(tx).insert(&system(WRITE, &again), &again).await
        });
        assert!(matches!(outcome, Err(Error::Internal(_))), "{outcome:?}");
        execute(
            &store,
            "INSERT INTO answers (id, note) SELECT id, id FROM notes WHERE subject = 'Note 1'",
        )
        .await;
        let outcome = write!(store, [], |tx| {
            Rows::new(tx)
                .delete(&system(REMOVE, &note(1, 7)), &note(1, 7))
                .await
        });
        assert!(
            matches!(&outcome, Err(Error::Conflict(sentence)) if sentence == "there are answers to it"),
            "{outcome:?}"
        );
    });
}

async fn execute(store: &Store, sql: &str) {
    match store.database.engine() {
        Engine::Sqlite => sqlite_connection(&store.options)
            .unwrap()
            .execute_batch(sql)
            .unwrap(),
        Engine::Postgres => postgres_client(&store.options)
            .await
            .unwrap()
            .0
            .batch_execute(sql)
            .await
            .unwrap(),
    }
}

#[test]
fn a_nul_is_refused_in_a_text_and_found_in_no_row() {
    on_both(async |store| {
        with_notes(&store, vec![note(1, 7)]).await;
        write!(store, [], |tx| {
            let mut rows = Rows::<Note>::new(tx);
            let nul = Note {
                title: "a\0b".to_owned(),
                version: 2,
                ..note(1, 7)
            };
            assert!(matches!(
                rows.update(&system(EDIT, &nul), &nul).await,
                Err(Error::Invalid(_))
            ));
            let nul = Note { id: id(2), ..nul };
            assert!(matches!(
                rows.insert(&system(WRITE, &nul), &nul).await,
                Err(Error::Invalid(_))
            ));
            let query = RowQuery::new().filter("subject", "a\0b")?;
            for page in [numbered(1, 9), first(9)] {
                assert!(rows.list(&everything(), &query, &page).await?.items.is_empty());
            }
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn lists_are_filtered_and_sorted_only_as_declared() {
    on_both(async |store| {
        let notes: Vec<Note> = (1..=6)
            .map(|number| Note {
                stars: i64::try_from(number).unwrap() % 3,
                shown: number % 2 == 0,
                created_at: at(i64::try_from(number).unwrap()),
                ..note(number, 7 + number % 2)
            })
            .collect();
        with_notes(&store, notes).await;
        write!(store, [], |tx| {
            let mut rows = Rows::<Note>::new(tx);
            let owner: UserId = id(8);
            for (query, expected) in [
                (RowQuery::new(), vec![6, 5, 4, 3, 2, 1]),
                (RowQuery::new().filter("user_id", owner)?, vec![5, 3, 1]),
                (RowQuery::new().filter("subject", "Note 4")?, vec![4]),
                (RowQuery::new().filter("stars", 1)?, vec![4, 1]),
                (
                    RowQuery::new().filter("stars", 0)?.filter("stars", 1)?,
                    vec![4, 1],
                ),
                (
                    RowQuery::new().filter("minStars", 1)?.filter("shown", true)?,
                    vec![4, 2],
                ),
                (RowQuery::new().filter("before", at(3))?, vec![2, 1]),
                (RowQuery::new().sort_by("stars", false)?, vec![3, 6, 1, 4, 2, 5]),
            ] {
                let page = rows.list(&everything(), &query, &numbered(1, 9)).await?;
                let listed: Vec<_> = page.items.iter().map(|note| note.id).collect();
                assert_eq!(
                    listed,
                    expected.into_iter().map(id).collect::<Vec<_>>(),
                    "{query:?}"
                );
            }
            Ok(())
        })
        .unwrap();
    });
    assert!(matches!(
        RowQuery::<Note>::new().sort_by("version", false),
        Err(Error::Invalid(_))
    ));
    assert!(matches!(
        RowQuery::<Note>::new().filter("version", 1),
        Err(Error::Invalid(_))
    ));
    assert!(is_bug(
        RowQuery::<Note>::new().filter("stars", "1"),
        "takes Number"
    ));
}

#[test]
fn a_cursor_belongs_to_one_sort_and_one_filter() {
    on_both(async |store| {
        with_notes(&store, (1..=3).map(|number| note(number, 7)).collect()).await;
        write!(store, [], |tx| {
            let mut rows = Rows::<Note>::new(tx);
            let page = rows.list(&everything(), &RowQuery::new(), &first(1)).await?;
            let PageInfo::From {
                next: Some(cursor), ..
            } = page.info
            else {
                panic!("{page:?}");
            };
            let next = PageRequest::From {
                cursor: Some(cursor),
                limit: 1,
            };
            assert_eq!(
                rows.list(&everything(), &RowQuery::new(), &next)
                    .await?
                    .items
                    .len(),
                1
            );
            for other in [
                RowQuery::new().sort_by("created_at", false)?,
                RowQuery::new().sort_by("stars", true)?,
                RowQuery::new().filter("shown", false)?,
            ] {
                let refused = rows.list(&everything(), &other, &next).await;
                assert!(
                    matches!(refused, Err(Error::Invalid(_))),
                    "{other:?}: {refused:?}"
                );
            }
            // Nor does it belong to the list of another scope.
            let refused = rows.list(&own(id(7)), &RowQuery::new(), &next).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn every_composed_statement_is_prepared_on_both_engines() {
    let all = statements::of_table::<Note>();
    assert!(all.len() > 6 + 256, "{}", all.len());
    on_both(async |store| {
        migrate(&store.options, &migrations()).await.unwrap();
        match store.database.engine() {
            Engine::Sqlite => {
                let connection = sqlite_connection(&store.options).unwrap();
                for Statement { name, sql, .. } in statements::of_table::<Note>() {
                    let prepared = connection.prepare(sql.sqlite()).map(drop);
                    assert!(prepared.is_ok(), "{name}: {}: {prepared:?}", sql.sqlite());
                }
            }
            Engine::Postgres => {
                let (client, _task) = postgres_client(&store.options).await.unwrap();
                for Statement { name, sql, .. } in statements::of_table::<Note>() {
                    let prepared = client.prepare(sql.postgres()).await.map(drop);
                    assert!(prepared.is_ok(), "{name}: {}: {prepared:?}", sql.postgres());
                }
            }
        }
    });
}
