use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_file_of_the_folder_is_a_migration() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut listed = BTreeSet::new();
    for Migration {
        name,
        postgres,
        sqlite,
        ..
    } in MAINSTAY
    {
        listed.insert(format!("{name}.sql"));
        listed.extend((!postgres.is_empty()).then(|| format!("{name}.postgres.sql")));
        listed.extend((!sqlite.is_empty()).then(|| format!("{name}.sqlite.sql")));
    }
    assert_eq!(files, listed);
}

/// The record of an applied migration holds a checksum of its text: a text derived otherwise than before would be
/// taken for an edited migration, and the program would not start.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the snapshot is renewed where an environment variable says so"
)]
fn the_derived_texts_are_reviewed() {
    let texts = MAINSTAY.map(|one| format!("-- {}\n{}", one.name, one.text(Engine::Sqlite).unwrap()));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/schema.sqlite.sql");
    let text = texts.join("\n");
    if std::env::var_os("UPDATE_CONTRACTS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let reviewed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        reviewed == text,
        "contracts/schema.sqlite.sql differs. After a release, a text that was applied never changes. If the change \
         is meant: UPDATE_CONTRACTS=1 cargo test -p mainstay-repositories derived"
    );
}

#[test]
fn a_set_that_is_not_in_order_is_refused() {
    fn set(application: &'static str, all: &[Migration]) -> Migrations {
        Migrations::new(application, all)
    }
    const ONE: Migration = Migration::new("V1__a", "");
    const TWO: Migration = Migration::new("V2__b", "");
    for (right, sets) in [
        (true, vec![]),
        (true, vec![set("shop", &[ONE, TWO]), set("other", &[ONE])]),
        (false, vec![set("shop", &[ONE]), set("shop", &[TWO])]),
        (false, vec![set("refinery", &[ONE])]),
        (false, vec![set("", &[ONE])]),
        (false, vec![set("1shop", &[ONE])]),
        (false, vec![set("sh op", &[ONE])]),
        (false, vec![set("shop", &[TWO, ONE])]),
        (false, vec![set("shop", &[ONE, ONE])]),
        (false, vec![set("shop", &[Migration::new("V0__a", "")])]),
        (false, vec![set("shop", &[Migration::new("V01__a", "")])]),
        (false, vec![set("shop", &[Migration::new("U1__a", "")])]),
        (false, vec![set("shop", &[Migration::new("V1__a b", "")])]),
        (false, vec![set("shop", &[Migration::new("V99999999999__a", "")])]),
        (
            false,
            vec![set("shop", &[Migration::new("V1__a", "CREATE TABLE")])],
        ),
    ] {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let outcome = histories(engine, &sets);
            assert_eq!(outcome.is_ok(), right, "{sets:?}: {:?}", outcome.err());
        }
    }
}
