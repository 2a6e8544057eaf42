//! A resource that only these tests have, with a table of its own.

use crate::fixtures::*;
use crate::harness::Store;
use mainstay_domain::access::{
    self, Action, Caller, Permission, Permit, Policy, Resource, Rule, SystemCaller, Visibility,
};
use mainstay_domain::id::{Id, UserId};
use mainstay_domain::time::Timestamp;
use mainstay_repositories::{Filter, Migration, Migrations, Rows, Sort, Table, Unique, migrate, record};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Note {
    pub(super) id: Id<Note>,
    pub(super) user_id: UserId,
    pub(super) title: String,
    pub(super) stars: i64,
    pub(super) weight: Option<f64>,
    pub(super) tags: Vec<String>,
    pub(super) shown: bool,
    pub(super) created_at: Timestamp,
    pub(super) version: i64,
}

pub(super) const WRITE: Action = Action::new("write");
pub(super) const EDIT: Action = Action::new("edit");
pub(super) const REMOVE: Action = Action::new("remove");
pub(super) const READ_NOTES: Permission = Permission::new("read:note", "Read the notes of every user");

impl Resource for Note {
    const NAME: &'static str = "note";
    const POLICY: Policy = Policy {
        visible: &[
            Visibility::Holder(READ_NOTES),
            Visibility::Owner,
            Visibility::Published,
        ],
        actions: &[
            (WRITE, Rule::Owner),
            (EDIT, Rule::Owner),
            (REMOVE, Rule::OwnerOr(READ_NOTES)),
        ],
    };
    const PERMISSIONS: &'static [Permission] = &[READ_NOTES];
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
    fn is_published(&self) -> bool {
        self.shown
    }
}

record! {
    Note { id, user_id, title ["subject"], stars, weight, tags: record::JsonColumn, shown, created_at, version }
}

impl Table for Note {
    const TABLE: &'static str = "notes";
    const OWNER: Option<&'static str> = Some("user_id");
    const PUBLISHED: Option<&'static str> = Some("shown");
    const INSERT: &'static [Action] = &[WRITE];
    const UPDATE: &'static [Action] = &[EDIT];
    const DELETE: &'static [Action] = &[REMOVE];
    const FIXED: &'static [&'static str] = &["created_at"];
    const SORTS: &'static [Sort] = &[
        Sort::newest("created_at"),
        Sort::number("stars"),
        Sort::text("subject"),
        Sort::lower("subject").named("title"),
        Sort::newest("id"),
    ];
    const FILTERS: &'static [Filter] = &[
        Filter::id("user_id"),
        Filter::text("subject"),
        Filter::number("stars"),
        Filter::at_least("stars", "minStars"),
        Filter::below("created_at", "before"),
        Filter::boolean("shown"),
    ];
    const UNIQUE: &'static [Unique] = &[Unique::new("user_id,subject", "you have such a note")];
    const REFERENCED: &'static str = "there are answers to it";
}

pub(super) fn migrations() -> [Migrations; 1] {
    let notes = "
        CREATE TABLE notes (
            id         UUID    NOT NULL PRIMARY KEY,
            user_id    UUID    NOT NULL,
            subject    TEXT COLLATE \"C\" NOT NULL,
            stars      BIGINT  NOT NULL,
            weight     DOUBLE PRECISION,
            tags       JSONB   NOT NULL,
            shown      BOOLEAN NOT NULL,
            created_at BIGINT  NOT NULL,
            version    BIGINT  NOT NULL,
            UNIQUE (user_id, subject)
        );
        CREATE TABLE answers (
            id   UUID NOT NULL PRIMARY KEY,
            note UUID NOT NULL REFERENCES notes (id)
        );";
    [Migrations::new("notes", [Migration::new("V1__notes", notes)])]
}

pub(super) fn note(number: u128, owner: u128) -> Note {
    Note {
        id: id(number),
        user_id: id(owner),
        title: format!("Note {number}"),
        stars: 3,
        weight: Some(0.5),
        tags: vec!["a".to_owned(), "ü\"".to_owned()],
        shown: false,
        created_at: at(100),
        version: 1,
    }
}

pub(super) fn system(action: Action, note: &Note) -> Permit<Note> {
    access::permit(&Caller::System(SystemCaller::OPERATOR), action, note).unwrap()
}

/// Migrates the store and inserts the notes.
pub(super) async fn with_notes(store: &Store, notes: Vec<Note>) {
    migrate(&store.options, &migrations()).await.unwrap();
    add_notes(store, notes).await;
}

pub(super) async fn add_notes(store: &Store, notes: Vec<Note>) {
    write!(store, [notes], |tx| {
        for note in &notes {
            Rows::new(tx).insert(&system(WRITE, note), note).await?;
        }
        Ok(())
    })
    .unwrap();
}
