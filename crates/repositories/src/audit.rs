//! The audit trail. The database refuses to change or delete an entry.

use crate::list::{Key, List};
use crate::read::{Held, Read, held, params};
use crate::sight;
use mainstay_domain::Result;
use mainstay_domain::access::Scope;
use mainstay_domain::audit::{Actor, AuditEntry, AuthenticatedEntry};
use mainstay_domain::id::{AuditId, Id, UserId};
use mainstay_domain::page::{CursorKey, Listing, Page, Position};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{Column, DatabaseError, FromRow, Row, Sql, Value};
use uuid::Uuid;

const COLUMNS: &str = "id, at, user_id, actor, action, resource, resource_id, before_json, after_json, ip, user_agent, \
                       request_id";

statements! {
    INSERT = "INSERT INTO audit_entries (id, at, user_id, actor, action, resource, resource_id, before_json, \
              after_json, ip, user_agent, request_id, writer, number, mac) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
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

/// An identifier, or as much of it as somebody left.
struct Lenient(Uuid);

impl Column for Lenient {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(value.uuid().unwrap_or_else(|_| {
            let mut whole = [0; 16];
            if let Value::Bytes(bytes) = value {
                whole.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            }
            Uuid::from_bytes(whole)
        })))
    }
}

/// A text, or as much of it as can be read.
struct Legible(String);

impl Column for Legible {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(match value {
            Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            other => other.text()?.to_owned(),
        }))
    }
}

fn legible(row: &mut Row<'_>) -> Result<String, DatabaseError> {
    row.next().map(|Legible(text)| text)
}

fn legible_or_none(row: &mut Row<'_>) -> Result<Option<String>, DatabaseError> {
    Ok(row.next::<Option<Legible>>()?.map(|Legible(text)| text))
}

/// An entry that somebody damaged is shown as it is now: the trail must not become unreadable by one line of it.
impl FromRow for Read<AuditEntry> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let Lenient(id) = row.next()?;
        Ok(Self(AuditEntry {
            id: AuditId::from_uuid(id),
            at: row.next()?,
            user_id: row
                .next::<Option<Lenient>>()?
                .map(|Lenient(id)| UserId::from_uuid(id)),
            actor: Actor::stored(&legible(row)?),
            action: legible(row)?,
            resource: legible(row)?,
            resource_id: legible(row)?,
            before: legible_or_none(row)?,
            after: legible_or_none(row)?,
            ip: legible_or_none(row)?,
            user_agent: legible_or_none(row)?,
            request_id: legible_or_none(row)?,
        }))
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
    pub async fn insert(&mut self, entry: &AuthenticatedEntry) -> Result<()> {
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
        let place = |entry: &AuditEntry| Position {
            key: CursorKey::Number(entry.at.micros()),
            id: entry.id.uuid(),
        };
        asked.page(self.0, page, place).await
    }
}

/// The statement that writes an entry.
pub(crate) fn inserting(authenticated: &AuthenticatedEntry) -> (&'static Sql, Vec<Held<'_>>) {
    let entry = &authenticated.entry;
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
        held(&authenticated.writer),
        held(&authenticated.number),
        held(&authenticated.mac),
    ];
    (&INSERT, values)
}
