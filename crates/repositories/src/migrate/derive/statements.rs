//! The statements and their parts that both engines take.

use super::{Derivation, STORAGE, Unsupported, is_name};

/// Why a comment for SQLite is refused where it would be without effect.
pub(super) const MISPLACED: &str = "the comment `-- sqlite:` does not stand before CREATE TABLE";

/// How SQLite stores a table.
#[derive(Clone, Copy)]
enum Storage<'t> {
    Rowid,
    NamedRowid(&'t str),
    WithoutRowid,
}

/// What was read of a table's columns.
#[derive(Default)]
struct Columns<'t> {
    not_null: Vec<&'t str>,
    keys: Vec<&'t str>,
}

impl<'t> Derivation<'t> {
    /// Derives one statement with its semicolon.
    pub(super) fn statement(&mut self) -> Result<(), Unsupported> {
        let storage = self.storage()?;
        if self.accept(&["CREATE", "TABLE"]) {
            self.table(storage)?;
        } else if self.accept(&["CREATE", "UNIQUE", "INDEX"]) || self.accept(&["CREATE", "INDEX"]) {
            self.index()?;
        } else if self.accept(&["ALTER", "TABLE"]) {
            self.alteration()?;
        } else if self.accept(&["DROP", "TABLE"]) || self.accept(&["DROP", "INDEX"]) {
            self.name()?;
        } else if self.accept(&["INSERT", "INTO"]) {
            self.name()?;
            self.names()?;
            self.expression()?;
        } else if self.accept(&["UPDATE"]) || self.accept(&["DELETE", "FROM"]) {
            self.name()?;
            self.expression()?;
        } else {
            return Err(self.unexpected(
                "CREATE TABLE, CREATE INDEX, CREATE UNIQUE INDEX, ALTER TABLE, DROP, INSERT, UPDATE or DELETE",
            ));
        }
        self.expect(&[";"])
    }

    /// How SQLite is to store the table of this statement, by the comment before it.
    fn storage(&self) -> Result<Storage<'t>, Unsupported> {
        let mut storage = Storage::Rowid;
        let before = self.next().map_or("", |token| token.before);
        for comment in before
            .lines()
            .filter_map(|line| line.trim().strip_prefix(STORAGE))
        {
            let words: Vec<&str> = comment.split_whitespace().collect();
            storage = match words.as_slice() {
                ["WITHOUT", "ROWID"] => Storage::WithoutRowid,
                ["ROWID", name] if is_name(name) => Storage::NamedRowid(name),
                _ => {
                    return Err(self.unsupported(format!(
                        "the comment `-- sqlite:{comment}` is neither WITHOUT ROWID nor ROWID and a name"
                    )));
                }
            };
            if !self.is(&["CREATE", "TABLE"]) {
                return Err(self.unsupported(MISPLACED));
            }
        }
        Ok(storage)
    }

    fn table(&mut self, storage: Storage<'t>) -> Result<(), Unsupported> {
        let table = self.name()?;
        self.expect(&["("])?;
        if let Storage::NamedRowid(name) = storage {
            self.out.push_str(&format!("\n    {name} INTEGER PRIMARY KEY,"));
        }
        let mut columns = Columns::default();
        loop {
            self.item(storage, &mut columns)?;
            if !self.accept(&[","]) {
                break;
            }
        }
        if columns.keys.is_empty() {
            return Err(self.unsupported(format!("{table} has no primary key")));
        }
        if let Some(key) = columns.keys.iter().find(|key| !columns.not_null.contains(key)) {
            return Err(self.unsupported(format!(
                "{table}.{key} is part of the primary key and not declared NOT NULL, which SQLite takes for NULL"
            )));
        }
        self.expect(&[")"])?;
        self.out.push_str(match storage {
            Storage::WithoutRowid => " STRICT, WITHOUT ROWID",
            Storage::Rowid | Storage::NamedRowid(_) => " STRICT",
        });
        Ok(())
    }

    /// A column or a constraint of a table.
    fn item(&mut self, storage: Storage<'t>, columns: &mut Columns<'t>) -> Result<(), Unsupported> {
        if self.is(&["PRIMARY", "KEY"]) {
            if matches!(storage, Storage::NamedRowid(_)) {
                return Err(
                    self.unsupported("a table whose rowid has a name has a primary key of one column")
                );
            }
            self.expect(&["PRIMARY", "KEY"])?;
            columns.keys.extend(self.names()?);
            return Ok(());
        }
        if self.accept(&["UNIQUE"]) {
            return self.names().map(drop);
        }
        if self.accept(&["CHECK"]) {
            return self.parenthesised();
        }
        if self.accept(&["FOREIGN", "KEY"]) {
            self.names()?;
            self.expect(&["REFERENCES"])?;
            return self.reference();
        }
        let name = self.name()?;
        self.column_type()?;
        loop {
            if self.accept(&["NOT", "NULL"]) {
                columns.not_null.push(name);
            } else if self.is(&["PRIMARY", "KEY"]) {
                columns.keys.push(name);
                match storage {
                    Storage::NamedRowid(_) => {
                        self.replace("UNIQUE");
                        self.at += 1;
                    }
                    Storage::Rowid | Storage::WithoutRowid => self.expect(&["PRIMARY", "KEY"])?,
                }
            } else if !self.constraint()? {
                return Ok(());
            }
        }
    }

    /// A constraint of a column that is neither of its primary key nor about NULL; false if there is none.
    fn constraint(&mut self) -> Result<bool, Unsupported> {
        if self.accept(&["UNIQUE"]) {
            return Ok(true);
        }
        if self.accept(&["DEFAULT"]) {
            self.literal()?;
        } else if self.accept(&["CHECK"]) {
            self.parenthesised()?;
        } else if self.accept(&["REFERENCES"]) {
            self.reference()?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// The referenced table and columns, and what happens when the row there is deleted.
    fn reference(&mut self) -> Result<(), Unsupported> {
        self.name()?;
        self.names()?;
        if self.accept(&["ON", "DELETE"]) {
            let known =
                self.accept(&["CASCADE"]) || self.accept(&["RESTRICT"]) || self.accept(&["SET", "NULL"]);
            return if known {
                Ok(())
            } else {
                Err(self.unexpected("CASCADE, RESTRICT or SET NULL"))
            };
        }
        Ok(())
    }

    fn column_type(&mut self) -> Result<(), Unsupported> {
        let word = self.next().map_or("", |token| token.text);
        let sqlite = match word.to_ascii_uppercase().as_str() {
            "UUID" | "BYTEA" => "BLOB",
            "BIGINT" | "BOOLEAN" => "INTEGER",
            "TEXT" | "JSONB" => "TEXT",
            "DOUBLE" => "REAL",
            _ => {
                return Err(self.unexpected(
                    "a type (UUID, BYTEA, BIGINT, BOOLEAN, TEXT, TEXT COLLATE \"C\", JSONB or DOUBLE PRECISION)",
                ));
            }
        };
        self.replace(sqlite);
        if sqlite == "REAL" {
            if !self.is(&["PRECISION"]) {
                return Err(self.unexpected("PRECISION"));
            }
            self.at += 1;
        } else if word.eq_ignore_ascii_case("TEXT") && self.is(&["COLLATE", "\"C\""]) {
            // SQLite compares bytes by default.
            self.at += 2;
        }
        Ok(())
    }

    fn index(&mut self) -> Result<(), Unsupported> {
        self.name()?;
        self.expect(&["ON"])?;
        self.name()?;
        self.parenthesised()?;
        if self.accept(&["WHERE"]) {
            self.expression()?;
        }
        Ok(())
    }

    fn alteration(&mut self) -> Result<(), Unsupported> {
        self.name()?;
        if self.accept(&["ADD", "COLUMN"]) {
            let (mut columns, start) = (Columns::default(), self.at);
            self.item(Storage::Rowid, &mut columns)?;
            let says = |word: &str| {
                self.tokens[start..self.at]
                    .iter()
                    .any(|token| token.text.eq_ignore_ascii_case(word))
            };
            if !columns.keys.is_empty() || says("UNIQUE") {
                return Err(self.unsupported("SQLite cannot add a column that is unique: create an index"));
            }
            if !columns.not_null.is_empty() && !says("DEFAULT") {
                return Err(self.unsupported("SQLite cannot add a column that is NOT NULL without a DEFAULT"));
            }
            return Ok(());
        }
        if self.accept(&["DROP", "COLUMN"]) || self.accept(&["RENAME", "TO"]) {
            return self.name().map(drop);
        }
        self.expect(&["RENAME", "COLUMN"])?;
        self.name()?;
        self.expect(&["TO"])?;
        self.name().map(drop)
    }
}
