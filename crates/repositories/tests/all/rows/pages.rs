//! The pages of every list, one after the other, are the sorted set of what the scope includes.

use super::execute;
use super::note::{Note, add_notes, migrations, note};
use crate::fixtures::*;
use crate::harness::{Store, runtime};
use mainstay_domain::id::Id;
use mainstay_domain::page::{Cursor, PageInfo, PageRequest};
use mainstay_platform::database::Engine;
use mainstay_repositories::{RowQuery, Rows, migrate};
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;

/// A note with few different keys, so that many rows have equal ones.
fn any_note() -> impl Strategy<Value = Note> {
    (1..4u128, "[abAB]{0,2}", 0..3i64, 0..3i64, any::<bool>()).prop_map(
        |(owner, title, stars, created, shown)| Note {
            title,
            stars,
            created_at: at(created),
            shown,
            ..note(0, owner)
        },
    )
}

/// The notes in the order that the list promises.
fn sorted(mut notes: Vec<Note>, column: &str, descending: bool) -> Vec<Id<Note>> {
    notes.sort_by(|a, b| {
        let order = match column {
            "created_at" => a.created_at.cmp(&b.created_at),
            "stars" => a.stars.cmp(&b.stars),
            "subject" => a.title.cmp(&b.title),
            "title" => a.title.to_ascii_lowercase().cmp(&b.title.to_ascii_lowercase()),
            _ => std::cmp::Ordering::Equal,
        };
        let order = order.then(a.id.cmp(&b.id));
        if descending { order.reverse() } else { order }
    });
    notes.iter().map(|note| note.id).collect()
}

/// Whether the pages of every list, one after the other, are the sorted set of what the scope includes.
async fn pages_are_the_sorted_set(store: &Store, notes: Vec<Note>, limit: u32) {
    execute(store, "DELETE FROM notes").await;
    add_notes(store, notes.clone()).await;
    write!(store, [notes], |tx| {
        let mut rows = Rows::<Note>::new(tx);
        for (scope, visible) in [
            (everything(), notes.clone()),
            (
                own(id(1)),
                notes
                    .iter()
                    .filter(|note| note.user_id == id(1))
                    .cloned()
                    .collect(),
            ),
            (
                anonymous(),
                notes
                    .iter()
                    .filter(|note| note.shown)
                    .cloned()
                    .collect::<Vec<_>>(),
            ),
        ] {
            for (column, descending) in ["created_at", "stars", "subject", "title", "id"]
                .into_iter()
                .flat_map(|column| [(column, false), (column, true)])
            {
                let query = RowQuery::new().sort_by(column, descending)?;
                let expected = sorted(visible.clone(), column, descending);
                let (mut listed, mut cursor): (Vec<_>, Option<Cursor>) = (Vec::new(), None);
                loop {
                    let page = rows
                        .list(&scope, &query, &PageRequest::From { cursor, limit })
                        .await?;
                    listed.extend(page.items.iter().map(|note| note.id));
                    let PageInfo::From { next, .. } = page.info else {
                        panic!("{:?}", page.info)
                    };
                    cursor = next;
                    if cursor.is_none() {
                        break;
                    }
                }
                assert_eq!(listed, expected, "by cursor, {column} {descending}");
                let mut listed = Vec::new();
                for page in 1.. {
                    let page = rows.list(&scope, &query, &numbered(page, limit)).await?;
                    let PageInfo::Numbered { total, .. } = page.info else {
                        panic!("{:?}", page.info)
                    };
                    assert_eq!(total, expected.len() as u64);
                    if page.items.is_empty() {
                        break;
                    }
                    listed.extend(page.items.iter().map(|note| note.id));
                }
                assert_eq!(listed, expected, "by page, {column} {descending}");
            }
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_pages_of_a_list_are_the_sorted_set() {
    let runtime = runtime();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(store) = runtime.block_on(async {
            let store = Store::fresh(engine).await?;
            migrate(&store.options, &migrations()).await.unwrap();
            Some(Arc::new(store))
        }) else {
            return;
        };
        let cases = ProptestConfig {
            cases: if engine == Engine::Sqlite { 24 } else { 8 },
            ..ProptestConfig::default()
        };
        proptest!(cases, |(notes in proptest::collection::vec(any_note(), 0..12), limit in 1..5u32)| {
            let mut taken = HashSet::new();
            let notes: Vec<Note> = notes
                .into_iter()
                .enumerate()
                // The id is not the order of creation.
                .map(|(at, note)| Note { id: id((at as u128 * 7) % 13 + 1), ..note })
                .filter(|note| taken.insert((note.user_id, note.title.clone())))
                .collect();
            runtime.block_on(pages_are_the_sorted_set(&store, notes, limit));
        });
        runtime.block_on(store.database.close());
    }
}
