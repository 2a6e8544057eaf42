//! The chain of the audit trail. Entries are read as they are stored, even from rows that were tampered with, so that
//! an unreadable entry is still reported by its key.

use crate::audit::Audit;
use crate::outcome::{expect_one_row, rows};
use crate::read::Read;
use crate::row_filter;
use mainstay_domain::Result;
use mainstay_domain::access::Scope;
use mainstay_domain::audit::{AuditEntry, ChainHead, StoredEntry};
use mainstay_domain::id::{AuditId, AuditWriterId};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{Authorized, Column, DatabaseError, FromRow, Param, Row, Value};
use uuid::Uuid;

macro_rules! select {
    ($also:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $also,
            "id, at, user_id, actor, action, resource, resource_id, before_json, after_json, ip, user_agent, \
             request_id FROM audit_entries WHERE ",
            $rest
        )
    };
}

statements! {
    UNLINKED = select!("id, writer, number, mac, ", "seq IS NULL ORDER BY writer, number, id LIMIT $1");
    UNLINKED_AFTER = select!(
        "id, writer, number, mac, ",
        "seq IS NULL AND (writer, number, id) > ($2, $3, $4) ORDER BY writer, number, id LIMIT $1"
    );
    LINKED_AFTER = select!("seq, hash, writer, number, mac, ", "seq > $1 ORDER BY seq LIMIT $2");
    COUNT_UNLINKED = "SELECT count(*) FROM audit_entries WHERE seq IS NULL";
    // One statement, so that no other process links between the reads of the head and of the last entry.
    END = "SELECT seq, hash, writers, seal, \
           (SELECT seq FROM audit_entries WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1), \
           (SELECT hash FROM audit_entries WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1) \
           FROM audit_head WHERE id = 1";
}

internal_changes! {
    LINK: AuditEntries =
        "UPDATE audit_entries SET seq = $2, hash = $3 WHERE id = $1 AND seq IS NULL";
    SET_HEAD: AuditHead =
        "UPDATE audit_head SET seq = $1, hash = $2, writers = $3, seal = $4, at = $5 WHERE id = 1 AND seq = $6";
    RESET_HEAD: AuditHead =
        "INSERT INTO audit_head (id, seq, hash, writers, seal, at) VALUES (1, $1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET seq = EXCLUDED.seq, hash = EXCLUDED.hash, \
         writers = EXCLUDED.writers, seal = EXCLUDED.seal, at = EXCLUDED.at WHERE audit_head.seq = $6";
}

/// The key of an entry in the database, whether it is an identifier or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKey {
    /// A valid identifier.
    Id(AuditId),
    /// The bytes that SQLite stores: usually the 16 of an identifier, or whatever the row was changed to.
    Bytes(Vec<u8>),
}

impl Column for EntryKey {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        match value {
            Value::Bytes(bytes) => Ok(Self::Bytes(bytes.to_vec())),
            other => other.uuid().map(|id| Self::Id(AuditId::from_uuid(id))),
        }
    }
}

impl Param for EntryKey {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Id(id) => Value::Uuid(id.uuid()),
            Self::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

impl EntryKey {
    /// The writer of this id; an id that no process has issued when the key is not an identifier.
    pub(crate) fn writer(&self) -> AuditWriterId {
        let uuid = match self {
            Self::Id(id) => id.uuid(),
            Self::Bytes(bytes) => Uuid::from_slice(bytes).unwrap_or_default(),
        };
        AuditWriterId::from_uuid(uuid)
    }
}

/// The MAC with which a process authenticated an entry when it wrote it, as stored now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryMac {
    /// The writer's key in the database.
    pub writer: EntryKey,
    /// The entry's number among the writer's.
    pub number: i64,
    /// HMAC-SHA256 over writer, number and entry.
    pub mac: Vec<u8>,
}

impl EntryMac {
    /// The writer; an id that no process has issued when the stored one cannot be read.
    pub fn writer(&self) -> AuditWriterId {
        self.writer.writer()
    }
}

/// The new state of the chain's end, as a sealer sets it.
#[derive(Debug, Clone, Copy)]
pub struct NewHead<'h> {
    /// The place of the last linked entry.
    pub head: &'h ChainHead,
    /// How far each writer's entries are linked.
    pub writers: &'h [u8],
    /// The seal of both.
    pub seal: &'h [u8],
    /// The time of the update.
    pub at: Timestamp,
    /// The place at which the head must be for the update to apply.
    pub expected_seq: i64,
}

/// An entry that waits to be linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlinkedEntry {
    /// Its key, for [`link`](Audit::link).
    pub key: EntryKey,
    /// The MAC of its writer.
    pub mac: EntryMac,
    /// The fields as stored.
    pub entry: StoredEntry,
}

/// A linked entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedEntry {
    /// Its place in the chain.
    pub seq: i64,
    /// The hash of all entries up to it; `None` when it was removed from the row.
    pub hash: Option<Vec<u8>>,
    /// The MAC of its writer.
    pub mac: EntryMac,
    /// The fields as stored.
    pub entry: StoredEntry,
}

/// The end of the chain, according to the head and according to the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainEnd {
    /// The head; its place is 0 while nothing is linked.
    pub head: ChainHead,
    /// How far the entries of each open writer are linked.
    pub writers: Vec<u8>,
    /// The seal over the head and `writers`.
    pub seal: Vec<u8>,
    /// The place of the last linked entry, if there is one.
    pub last_seq: Option<i64>,
    /// That entry's hash.
    pub last_hash: Option<Vec<u8>>,
}

/// A field that is an identifier, as hyphenated text.
struct Identifier(Option<Vec<u8>>);

impl Column for Identifier {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        let text = match value {
            Value::Null => return Ok(Self(None)),
            Value::Uuid(id) => id.to_string(),
            Value::Bytes(bytes) => Uuid::from_slice(bytes)
                .map_or_else(|_| format!("unreadable {bytes:02x?}"), |id| id.to_string()),
            other => format!("unreadable {}", other.kind()),
        };
        Ok(Self(Some(text.into_bytes())))
    }
}

/// A field that is a number or a text: as text, or as the bytes in its place.
struct Fact(Option<Vec<u8>>);

impl Column for Fact {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(match value {
            Value::Null => None,
            Value::Text(text) | Value::Json(text) => Some(text.as_bytes().to_vec()),
            Value::Integer(number) => Some(number.to_string().into_bytes()),
            Value::Bytes(bytes) => Some(bytes.to_vec()),
            other => Some(format!("unreadable {}", other.kind()).into_bytes()),
        }))
    }
}

impl FromRow for Read<StoredEntry> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let mut facts: [Option<Vec<u8>>; StoredEntry::FACTS] = Default::default();
        for (info, fact) in facts.iter_mut().enumerate() {
            *fact = if StoredEntry::IDENTIFIERS.contains(&info) {
                row.next::<Identifier>()?.0
            } else {
                row.next::<Fact>()?.0
            };
        }
        Ok(Self(StoredEntry { facts }))
    }
}

impl FromRow for Read<EntryMac> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(EntryMac {
            writer: row.next::<Option<_>>()?.unwrap_or(EntryKey::Bytes(Vec::new())),
            number: row.next::<Option<_>>()?.unwrap_or_default(),
            mac: row.next::<Option<_>>()?.unwrap_or_default(),
        }))
    }
}

impl FromRow for Read<UnlinkedEntry> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let (key, Read(mac)) = (row.next()?, Read::from_row(row)?);
        let Read(entry) = Read::from_row(row)?;
        Ok(Self(UnlinkedEntry { key, mac, entry }))
    }
}

impl FromRow for Read<LinkedEntry> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let (seq, hash) = (row.next()?, row.next()?);
        let Read(mac) = Read::from_row(row)?;
        let Read(entry) = Read::from_row(row)?;
        Ok(Self(LinkedEntry {
            seq,
            hash,
            mac,
            entry,
        }))
    }
}

impl FromRow for Read<ChainEnd> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let head = ChainHead {
            seq: row.next()?,
            hash: row.next()?,
        };
        Ok(Self(ChainEnd {
            head,
            writers: row.next()?,
            seal: row.next()?,
            last_seq: row.next()?,
            last_hash: row.next()?,
        }))
    }
}

impl Audit<'_> {
    /// The entries that are not linked yet, by writer and number, after the given one.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn unlinked(
        &mut self,
        scope: &Scope<AuditEntry>,
        after: Option<&UnlinkedEntry>,
        limit: u32,
    ) -> Result<Vec<UnlinkedEntry>> {
        if !row_filter::all(scope) {
            return Ok(Vec::new());
        }
        let found = match after {
            None => self.0.all(&UNLINKED, &[&limit]).await?,
            Some(UnlinkedEntry { key, mac, .. }) => {
                let after: [&dyn Param; 4] = [&limit, &mac.writer, &mac.number, key];
                self.0.all(&UNLINKED_AFTER, &after).await?
            }
        };
        Ok(rows(found))
    }

    /// The end of the chain; `None` when its head was removed.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn end(&mut self) -> Result<Option<ChainEnd>> {
        let row: Option<Read<_>> = self.0.optional(&END, &[]).await?;
        Ok(row.map(|Read(end)| end))
    }

    /// Links entries: sets each one's place and the hash of all entries up to it.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when one of them is linked already.
    pub async fn link(&mut self, links: &[(EntryKey, i64, Vec<u8>)]) -> Result<()> {
        let values: Vec<[&dyn Param; 3]> = links
            .iter()
            .map(|(key, seq, hash)| [key as &dyn Param, seq, hash])
            .collect();
        let batch: Vec<(Authorized<'_>, &[&dyn Param])> = values
            .iter()
            .map(|values| (LINK.exempt(), values.as_slice()))
            .collect();
        let changed = self.0.batch(&batch).await?;
        changed.into_iter().try_for_each(expect_one_row)
    }

    /// Moves the end of the chain from one place to another; false when another process has moved it. Call it before
    /// [`link`](Self::link), so that of two sealers one stops before it has written anything.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn set_head(&mut self, new: NewHead<'_>) -> Result<bool> {
        self.put_head(SET_HEAD.exempt(), new).await
    }

    /// The same, where the head may be missing.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn reset_head(&mut self, new: NewHead<'_>) -> Result<bool> {
        self.put_head(RESET_HEAD.exempt(), new).await
    }

    async fn put_head(&mut self, change: Authorized<'_>, new: NewHead<'_>) -> Result<bool> {
        let NewHead {
            head,
            writers,
            seal,
            at,
            expected_seq,
        } = new;
        let values: [&dyn Param; 6] = [&head.seq, &head.hash, &writers, &seal, &at, &expected_seq];
        Ok(self.0.execute(change, &values).await? == 1)
    }

    /// The linked entries after a place, in order.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn linked_after(
        &mut self,
        scope: &Scope<AuditEntry>,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<LinkedEntry>> {
        if !row_filter::all(scope) {
            return Ok(Vec::new());
        }
        Ok(rows(self.0.all(&LINKED_AFTER, &[&seq, &limit]).await?))
    }

    /// The number of entries that wait to be linked.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn count_unlinked(&mut self) -> Result<i64> {
        Ok(self.0.one(&COUNT_UNLINKED, &[]).await?)
    }
}
