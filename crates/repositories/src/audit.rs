//! The audit trail and its chain. The database refuses to change or delete an entry.

use crate::list::{Key, List};
use crate::outcome::{fresh, rows};
use crate::read::{Held, Read, held, params, word};
use crate::sight;
use mainstay_domain::Result;
use mainstay_domain::access::Scope;
use mainstay_domain::audit::{AuditEntry, ChainHead};
use mainstay_domain::id::{AuditId, Id, UserId};
use mainstay_domain::page::{Cursor, CursorKey, Listing, Page};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{DatabaseError, FromRow, Param, Row, Sql};

const COLUMNS: &str = "id, at, user_id, actor, action, resource, resource_id, before_json, after_json, ip, user_agent, \
                       request_id";

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
    INSERT = "INSERT INTO audit_entries (id, at, user_id, actor, action, resource, resource_id, before_json, \
              after_json, ip, user_agent, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    UNLINKED = select!("", "seq IS NULL ORDER BY id LIMIT $1");
    LINK = "UPDATE audit_entries SET seq = $2, hash = $3 WHERE id = $1 AND seq IS NULL";
    LINKED_AFTER = select!("seq, hash, ", "seq > $1 ORDER BY seq LIMIT $2");
    COUNT_LINKED = "SELECT count(*) FROM audit_entries WHERE seq IS NOT NULL";
    COUNT_UNLINKED = "SELECT count(*) FROM audit_entries WHERE seq IS NULL";
    HEAD = "SELECT seq, hash, seal FROM audit_head WHERE id = 1 AND seq > 0";
    SET_HEAD = "UPDATE audit_head SET seq = $1, hash = $2, seal = $3, at = $4 WHERE id = 1 AND seq = $5";
}

const RESOURCE: usize = 0;
const RESOURCE_ID: usize = 1;
const USER: usize = 2;
const ACTION: usize = 3;
const FROM: usize = 4;
const TO: usize = 5;

pub(crate) static LIST: List = List::new(
    concat!(module_path!(), "::LIST"),
    (COLUMNS, "audit_entries"),
    &[
        "resource = {}",
        "resource_id = {}",
        "user_id = {}",
        "action = {}",
        "at >= {}",
        "at < {}",
    ],
    &[Key::Id],
);

/// Which entries to list.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// About this noun.
    pub resource: Option<String>,
    /// About this thing.
    pub resource_id: Option<String>,
    /// On behalf of this person.
    pub user_id: Option<UserId>,
    /// With this verb.
    pub action: Option<String>,
    /// At or after this instant.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
}

impl FromRow for Read<AuditEntry> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(AuditEntry {
            id: row.next()?,
            at: row.next()?,
            user_id: row.next()?,
            actor: word(row)?,
            action: row.next()?,
            resource: row.next()?,
            resource_id: row.next()?,
            before: row.next()?,
            after: row.next()?,
            ip: row.next()?,
            user_agent: row.next()?,
            request_id: row.next()?,
        }))
    }
}

impl FromRow for Read<(i64, Vec<u8>, AuditEntry)> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let (seq, hash) = (row.next()?, row.next()?);
        let Read(entry) = Read::<AuditEntry>::from_row(row)?;
        Ok(Self((seq, hash, entry)))
    }
}

impl FromRow for Read<(ChainHead, Vec<u8>)> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self((
            ChainHead {
                seq: row.next()?,
                hash: row.next()?,
            },
            row.next()?,
        )))
    }
}

repository! {
    /// The audit trail.
    Audit
}

impl Audit<'_> {
    /// Writes an entry. Called by nothing but the one function that runs use cases.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn insert(&mut self, entry: &AuditEntry) -> Result<()> {
        let (sql, values) = inserting(entry);
        self.0.execute(sql, &params(&values)).await?;
        Ok(())
    }

    /// A page of the entries that may be seen, the newest first.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a cursor of another list.
    pub async fn list(
        &mut self,
        scope: &Scope<AuditEntry>,
        filter: &AuditFilter,
        page: &Page,
    ) -> Result<Listing<AuditEntry>> {
        let asked = LIST.by(0, true);
        let asked = if sight::all(scope) { asked } else { asked.nothing() };
        let asked = asked
            .with(RESOURCE, filter.resource.as_ref())
            .with(RESOURCE_ID, filter.resource_id.as_ref())
            .with(USER, filter.user_id.as_ref())
            .with(ACTION, filter.action.as_ref())
            .with(FROM, filter.from.as_ref())
            .with(TO, filter.to.as_ref());
        let place = |entry: &AuditEntry| Cursor {
            key: CursorKey::Number(entry.at.micros()),
            id: entry.id.uuid(),
        };
        asked.page(self.0, page, place).await
    }

    /// The entries that are not in the chain yet, the oldest first.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn unlinked(&mut self, scope: &Scope<AuditEntry>, limit: u32) -> Result<Vec<AuditEntry>> {
        if !sight::all(scope) {
            return Ok(Vec::new());
        }
        Ok(rows(self.0.all(&UNLINKED, &[&limit]).await?))
    }

    /// The end of the chain and its seal; `None` while nothing was linked.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn head(&mut self) -> Result<Option<(ChainHead, Vec<u8>)>> {
        let row: Option<Read<_>> = self.0.optional(&HEAD, &[]).await?;
        Ok(row.map(|Read(head)| head))
    }

    /// Puts entries into the chain: each its number and the hash of all up to it.
    ///
    /// # Errors
    /// Asks for another run when one of them is in it already.
    pub async fn link(&mut self, links: &[(AuditId, i64, Vec<u8>)]) -> Result<()> {
        let values: Vec<[&dyn Param; 3]> = links
            .iter()
            .map(|(id, seq, hash)| [id as &dyn Param, seq, hash])
            .collect();
        let batch: Vec<(&Sql, &[&dyn Param])> =
            values.iter().map(|values| (&LINK, values.as_slice())).collect();
        let changed = self.0.batch(&batch).await?;
        changed.into_iter().try_for_each(fresh)
    }

    /// Moves the end of the chain from one number to another; false when somebody else has moved it. To be asked
    /// before [`link`](Self::link), so that of two sealers one stops before it has done anything.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn set_head(
        &mut self,
        head: &ChainHead,
        seal: &[u8],
        at: Timestamp,
        expected_seq: i64,
    ) -> Result<bool> {
        let done = self
            .0
            .execute(&SET_HEAD, &[&head.seq, &head.hash, &seal, &at, &expected_seq])
            .await;
        Ok(done? == 1)
    }

    /// The chain after a number, in its order: number, hash, entry.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn linked_after(
        &mut self,
        scope: &Scope<AuditEntry>,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Vec<u8>, AuditEntry)>> {
        if !sight::all(scope) {
            return Ok(Vec::new());
        }
        Ok(rows(self.0.all(&LINKED_AFTER, &[&seq, &limit]).await?))
    }

    /// How many entries are in the chain.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn count_linked(&mut self) -> Result<i64> {
        Ok(self.0.one(&COUNT_LINKED, &[]).await?)
    }

    /// How many entries wait to be put into the chain.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn count_unlinked(&mut self) -> Result<i64> {
        Ok(self.0.one(&COUNT_UNLINKED, &[]).await?)
    }
}

/// The statement that writes an entry.
pub(crate) fn inserting(entry: &AuditEntry) -> (&'static Sql, Vec<Held<'_>>) {
    let values = vec![
        held(&entry.id),
        held(&entry.at),
        held(&entry.user_id),
        held(entry.actor.as_str()),
        held(&entry.action),
        held(&entry.resource),
        held(&entry.resource_id),
        held(&entry.before),
        held(&entry.after),
        held(&entry.ip),
        held(&entry.user_agent),
        held(&entry.request_id),
    ];
    (&INSERT, values)
}
