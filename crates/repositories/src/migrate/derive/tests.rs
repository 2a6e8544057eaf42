use super::sqlite;

fn derived(text: &str) -> String {
    sqlite("V1__a.sql", text).unwrap()
}

#[test]
fn types_are_mapped_and_everything_else_stays_as_it_is_written() {
    let text = r#"
-- Things.
CREATE TABLE things (
    id         UUID   NOT NULL PRIMARY KEY, -- its name
    owner      uuid   REFERENCES owners (id) ON DELETE CASCADE,
    name       TEXT COLLATE "C" NOT NULL,
    note       text   DEFAULT 'TEXT, "C"; it''s -- not UUID' CHECK (length(note) < 10),
    many       BIGINT NOT NULL DEFAULT -1 CHECK (many BETWEEN -1 AND 5 AND (many <> 3 OR many IN (1, 2))),
    weight     DOUBLE PRECISION,
    due        BOOLEAN NOT NULL DEFAULT FALSE,
    payload    JSONB,
    digest     BYTEA UNIQUE,
    UNIQUE (owner, name),
    CHECK (many >= 0 OR due),
    FOREIGN KEY (many) REFERENCES others (many) ON DELETE SET NULL
);
CREATE UNIQUE INDEX things_key ON things (lower(name), id DESC) WHERE due AND digest IS NOT NULL;
INSERT INTO things (id, due) VALUES ('\x00Ff', TRUE), ('\x', FALSE);
UPDATE things SET many = many + 1 WHERE things.due = TRUE;
ALTER TABLE things ADD COLUMN color TEXT NOT NULL DEFAULT '';
DROP TABLE others;
-- The end.
"#;
    let expected = r#"
-- Things.
CREATE TABLE things (
    id         BLOB   NOT NULL PRIMARY KEY, -- its name
    owner      BLOB   REFERENCES owners (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    note       TEXT   DEFAULT 'TEXT, "C"; it''s -- not UUID' CHECK (length(note) < 10),
    many       INTEGER NOT NULL DEFAULT -1 CHECK (many BETWEEN -1 AND 5 AND (many <> 3 OR many IN (1, 2))),
    weight     REAL,
    due        INTEGER NOT NULL DEFAULT FALSE,
    payload    TEXT,
    digest     BLOB UNIQUE,
    UNIQUE (owner, name),
    CHECK (many >= 0 OR due),
    FOREIGN KEY (many) REFERENCES others (many) ON DELETE SET NULL
) STRICT;
CREATE UNIQUE INDEX things_key ON things (lower(name), id DESC) WHERE due AND digest IS NOT NULL;
INSERT INTO things (id, due) VALUES (x'00Ff', TRUE), (x'', FALSE);
UPDATE things SET many = many + 1 WHERE things.due = TRUE;
ALTER TABLE things ADD COLUMN color TEXT NOT NULL DEFAULT '';
DROP TABLE others;
-- The end.
"#;
    assert_eq!(derived(text), expected);
    assert_eq!(derived(""), "");
}

#[test]
fn a_comment_says_how_the_table_is_stored() {
    assert_eq!(
        derived(
            "-- sqlite: WITHOUT ROWID\nCREATE TABLE a (b UUID NOT NULL, c UUID NOT NULL, PRIMARY KEY (b, c));"
        ),
        "-- sqlite: WITHOUT ROWID\nCREATE TABLE a (b BLOB NOT NULL, c BLOB NOT NULL, PRIMARY KEY (b, c)) STRICT, \
         WITHOUT ROWID;"
    );
    assert_eq!(
        derived("-- sqlite: ROWID row\nCREATE TABLE a (\n    b UUID NOT NULL PRIMARY KEY\n);"),
        "-- sqlite: ROWID row\nCREATE TABLE a (\n    row INTEGER PRIMARY KEY,\n    b BLOB NOT NULL UNIQUE\n) STRICT;"
    );
}

#[test]
fn what_the_engines_do_not_share_is_refused_with_its_line() {
    for (column, word) in [
        ("b SERIAL", "SERIAL"),
        ("b VARCHAR", "VARCHAR"),
        ("b TIMESTAMPTZ", "TIMESTAMPTZ"),
        ("b NUMERIC", "NUMERIC"),
        ("b INTEGER", "INTEGER"),
        ("b UUID[]", "[`"),
        ("b DOUBLE", "PRECISION"),
        ("b TEXT COLLATE \"de_DE\"", "COLLATE"),
        ("b UUID COLLATE \"C\"", "COLLATE"),
        ("b BIGINT GENERATED ALWAYS AS IDENTITY", "GENERATED"),
        ("b BIGINT DEFAULT now()", "now"),
        ("b TEXT DEFAULT gen_random_uuid()", "gen_random_uuid"),
        ("b TEXT DEFAULT 'a'::text", "`:`"),
        ("b TEXT CHECK (b LIKE 'a%')", "LIKE"),
        ("b TEXT CHECK (b like 'a%')", "like"),
        ("b TEXT CHECK (b ~ 'a')", "~"),
        ("b TEXT CHECK (CAST(b AS BIGINT) > 0)", "CAST"),
        ("b TEXT CHECK (char_length(b) > 0)", "char_length"),
        ("b TEXT CHECK (b > current_date)", "current_date"),
        ("b BIGINT CHECK (b > 0", "`;`"),
        ("b UUID REFERENCES c", "`(`"),
        ("b UUID REFERENCES c (id) ON UPDATE CASCADE", "ON"),
        ("b UUID REFERENCES c (id) ON DELETE NOTHING", "NOTHING"),
        ("b UUID REFERENCES c (id) DEFERRABLE", "DEFERRABLE"),
        ("\"B\" TEXT", "\"B\""),
        ("Bb TEXT", "Bb"),
        ("CONSTRAINT b CHECK (TRUE)", "CONSTRAINT"),
        ("EXCLUDE (b)", "EXCLUDE"),
        ("b UUID PRIMARY KEY", "a.b is part of the primary key"),
        ("b TEXT DEFAULT 'a", "not closed"),
        ("b TEXT -- sqlite: WITHOUT ROWID\n", "does not stand before"),
    ] {
        let text = format!("-- One.\nCREATE TABLE a (\n    id UUID NOT NULL PRIMARY KEY,\n    {column}\n);");
        let error = sqlite("V1__a.sql", &text).unwrap_err().to_string();
        assert!(error.contains(word), "{column}: {error}");
        assert!(error.starts_with("V1__a.sql, line "), "{error}");
        assert!(
            error.contains("V1__a.postgres.sql or V1__a.sqlite.sql"),
            "{error}"
        );
    }
    let error = sqlite("V1__a.sql", "\n\nCREATE TABLE a (\n  id UUID,\n  'x\ny' BIGINT);").unwrap_err();
    assert!(
        error.to_string().starts_with("V1__a.sql, line 5: `'x\ny'`"),
        "{error}"
    );
}

#[test]
fn statements_that_one_engine_lacks_are_refused() {
    for text in [
        "CREATE TABLE a (b BIGINT);",
        "CREATE TABLE IF NOT EXISTS a (id BIGINT NOT NULL PRIMARY KEY);",
        "CREATE TABLE a (id BIGINT NOT NULL PRIMARY KEY)",
        "CREATE TABLE a (id BIGINT NOT NULL PRIMARY KEY) PARTITION BY HASH (id);",
        "CREATE TABLE a (id BIGINT, b BIGINT NOT NULL, PRIMARY KEY (id, b));",
        "CREATE TABLE main.a (id BIGINT NOT NULL PRIMARY KEY);",
        "CREATE INDEX CONCURRENTLY a ON b (c);",
        "CREATE INDEX a ON b USING gin (c);",
        "CREATE INDEX a ON b (c) INCLUDE (d);",
        "CREATE INDEX a ON b (c text_pattern_ops) TABLESPACE d;",
        "CREATE FUNCTION a() RETURNS trigger AS $$ $$;",
        "CREATE TRIGGER a BEFORE INSERT ON b EXECUTE FUNCTION c();",
        "CREATE TYPE a AS ENUM ('b');",
        "ALTER TABLE a ALTER COLUMN b TYPE TEXT;",
        "ALTER TABLE a ADD CONSTRAINT b UNIQUE (c);",
        "ALTER TABLE a ADD COLUMN b BIGINT, ADD COLUMN c BIGINT;",
        "ALTER TABLE a ADD COLUMN b BIGINT UNIQUE;",
        "ALTER TABLE a ADD COLUMN b BIGINT NOT NULL PRIMARY KEY;",
        "ALTER TABLE a ADD COLUMN b BIGINT NOT NULL;",
        "DROP TABLE a CASCADE;",
        "INSERT INTO a VALUES (1);",
        "INSERT INTO a (b) VALUES (now());",
        "INSERT INTO a (b) VALUES ('\\x0');",
        "INSERT INTO a (b) VALUES ('\\xzz');",
        "INSERT INTO a (b) VALUES (1) ON CONFLICT DO NOTHING;",
        "INSERT INTO a (b) VALUES (E'c');",
        "UPDATE a SET b = $1;",
        "SELECT 1;",
        ";",
        "-- sqlite: ROWID Row\nCREATE TABLE a (id UUID NOT NULL PRIMARY KEY);",
        "-- sqlite: rowid\nCREATE TABLE a (id UUID NOT NULL PRIMARY KEY);",
        "-- sqlite: ROWID row\nCREATE TABLE a (id UUID NOT NULL, PRIMARY KEY (id));",
        "-- sqlite: WITHOUT ROWID\nCREATE INDEX a ON b (c);",
        "DROP TABLE a; -- sqlite: WITHOUT ROWID",
    ] {
        assert!(sqlite("V1__a.sql", text).is_err(), "{text}");
    }
}
