//! The chain of the audit trail. What is in it is read as it lies in the database, whatever somebody made of it, so
//! that an entry nobody can make sense of is still named.

use crate::audit::Audit;
use crate::outcome::{expect_one_row, rows};
use crate::read::Read;
use crate::row_filter;
use mainstay_domain::Result;
use mainstay_domain::access::Scope;
use mainstay_domain::audit::{AuditEntry, ChainHead, StoredEntry};
use mainstay_domain::id::{AuditId, AuditWriterId, Id};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{Column, DatabaseError, FromRow, Param, Row, Sql, Value};
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
    LINK = "UPDATE audit_entries SET seq = $2, hash = $3 WHERE id = $1 AND seq IS NULL";
    LINKED_AFTER = select!("seq, hash, writer, number, mac, ", "seq > $1 ORDER BY seq LIMIT $2");
    COUNT_UNLINKED = "SELECT count(*) FROM audit_entries WHERE seq IS NULL";
    // One statement, so that nobody links between the look at the head and the look at the last entry.
    END = "SELECT seq, hash, writers, seal, \
           (SELECT seq FROM audit_entries WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1), \
           (SELECT hash FROM audit_entries WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1) \
           FROM audit_head WHERE id = 1";
    SET_HEAD = "UPDATE audit_head SET seq = $1, hash = $2, writers = $3, seal = $4, at = $5 WHERE id = 1 AND seq = $6";
    RESET_HEAD = "INSERT INTO audit_head (id, seq, hash, writers, seal, at) VALUES (1, $1, $2, $3, $4, $5) \
                  ON CONFLICT (id) DO UPDATE SET seq = EXCLUDED.seq, hash = EXCLUDED.hash, \
                  writers = EXCLUDED.writers, seal = EXCLUDED.seal, at = EXCLUDED.at WHERE audit_head.seq = $6";
}

/// How the database names an entry, whether that is an identifier or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKey {
    /// An identifier.
    Id(AuditId),
    /// What SQLite holds in its place; the usual 16 bytes of one, or something that somebody put there.
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
    /// The writer of this id; one that no process has made when it is no identifier.
    pub(crate) fn writer(&self) -> AuditWriterId {
        let uuid = match self {
            Self::Id(id) => id.uuid(),
            Self::Bytes(bytes) => Uuid::from_slice(bytes).unwrap_or_default(),
        };
        AuditWriterId::from_uuid(uuid)
    }
}

/// How a process vouched for an entry when it wrote it, whatever became of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryMac {
    /// The writer, as the database names it.
    pub writer: EntryKey,
    /// The entry's number among the writer's.
    pub number: i64,
    /// HMAC-SHA256 over writer, number and entry.
    pub mac: Vec<u8>,
}

impl EntryMac {
    /// The writer; one that no process has made when its id cannot be read.
    pub fn writer(&self) -> AuditWriterId {
        self.writer.writer()
    }
}

/// The end of a chain's state that a sealer sets.
#[derive(Debug, Clone, Copy)]
pub struct NewHead<'h> {
    /// The last place.
    pub head: &'h ChainHead,
    /// How far each writer's entries are linked.
    pub writers: &'h [u8],
    /// The seal of both.
    pub seal: &'h [u8],
    /// When.
    pub at: Timestamp,
    /// The place that the head has to be at for this.
    pub expected_seq: i64,
}

/// An entry that waits to be put into the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlinkedEntry {
    /// Its name, to [`link`](Audit::link) it by.
    pub key: EntryKey,
    /// How its writer vouched for it.
    pub mac: EntryMac,
    /// What it says.
    pub entry: StoredEntry,
}

/// An entry in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedEntry {
    /// Its place.
    pub seq: i64,
    /// The hash of all up to it; none when somebody took it away.
    pub hash: Option<Vec<u8>>,
    /// How its writer vouched for it.
    pub mac: EntryMac,
    /// What it says.
    pub entry: StoredEntry,
}

/// The end of the chain, as the head tells it and as the entries do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainEnd {
    /// The head; its number is 0 while nothing was linked.
    pub head: ChainHead,
    /// How far the entries of each open writer are linked.
    pub writers: Vec<u8>,
    /// The seal of the head and of that.
    pub seal: Vec<u8>,
    /// The number of the last entry in the chain, if there is one.
    pub last_seq: Option<i64>,
    /// That entry's hash.
    pub last_hash: Option<Vec<u8>>,
}

/// A fact that is an identifier: as text, which nothing else reads like.
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

/// A fact that is a number or a text; as text, or as the bytes that are none.
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
    /// The entries that are not in the chain yet, by writer and number, after the given one.
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

    /// The end of the chain; `None` when somebody took its head away.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn end(&mut self) -> Result<Option<ChainEnd>> {
        let row: Option<Read<_>> = self.0.optional(&END, &[]).await?;
        Ok(row.map(|Read(end)| end))
    }

    /// Puts entries into the chain: each its number and the hash of all up to it.
    ///
    /// # Errors
    /// Asks for another run when one of them is in it already.
    pub async fn link(&mut self, links: &[(EntryKey, i64, Vec<u8>)]) -> Result<()> {
        let values: Vec<[&dyn Param; 3]> = links
            .iter()
            .map(|(key, seq, hash)| [key as &dyn Param, seq, hash])
            .collect();
        let batch: Vec<(&Sql, &[&dyn Param])> =
            values.iter().map(|values| (&LINK, values.as_slice())).collect();
        let changed = self.0.batch(&batch).await?;
        changed.into_iter().try_for_each(expect_one_row)
    }

    /// Moves the end of the chain from one number to another; false when somebody else has moved it. To be asked
    /// before [`link`](Self::link), so that of two sealers one stops before it has done anything.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn set_head(&mut self, new: NewHead<'_>) -> Result<bool> {
        self.put_head(&SET_HEAD, new).await
    }

    /// The same where the head may be missing altogether.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn reset_head(&mut self, new: NewHead<'_>) -> Result<bool> {
        self.put_head(&RESET_HEAD, new).await
    }

    async fn put_head(&mut self, sql: &Sql, new: NewHead<'_>) -> Result<bool> {
        let NewHead {
            head,
            writers,
            seal,
            at,
            expected_seq,
        } = new;
        let values: [&dyn Param; 6] = [&head.seq, &head.hash, &writers, &seal, &at, &expected_seq];
        Ok(self.0.execute(sql, &values).await? == 1)
    }

    /// The chain after a number, in its order.
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

    /// How many entries wait to be put into the chain.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn count_unlinked(&mut self) -> Result<i64> {
        Ok(self.0.one(&COUNT_UNLINKED, &[]).await?)
    }
}
