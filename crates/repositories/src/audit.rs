//! The audit trail. The database refuses to change or delete an entry.

use crate::list::{Key, List};
use crate::read::{BoundValue, Read, bound, params};
use crate::row_filter;
use mainstay_domain::Result;
use mainstay_domain::access::Scope;
use mainstay_domain::audit::{Actor, AuditEntry, AuthenticatedEntry};
use mainstay_domain::id::{AuditId, UserId};
use mainstay_domain::page::{CursorKey, Page, PageRequest, Position};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{Authorized, Column, DatabaseError, FromRow, Row, Value};
use uuid::Uuid;

const COLUMNS: &str = "id, at, user_id, actor, action, resource, resource_id, before_json, after_json, ip, user_agent, \
                       request_id";

internal_changes! {
    INSERT: AuditEntries =
        "INSERT INTO audit_entries (id, at, user_id, actor, action, resource, resource_id, before_json, \
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
    /// About resources of this name.
    pub resource: Option<String>,
    /// About the resource with this id.
    pub resource_id: Option<String>,
    /// On behalf of this user.
    pub user_id: Option<UserId>,
    /// With this action.
    pub action: Option<String>,
    /// At or after this instant.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
}

/// An identifier, or the bytes of it that remain in a damaged row.
struct LossyUuid(Uuid);

impl Column for LossyUuid {
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

/// A text; invalid UTF-8 is replaced.
struct LossyText(String);

impl Column for LossyText {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(match value {
            Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            other => other.text()?.to_owned(),
        }))
    }
}

fn lossy_text(row: &mut Row<'_>) -> Result<String, DatabaseError> {
    row.next().map(|LossyText(text)| text)
}

fn optional_lossy_text(row: &mut Row<'_>) -> Result<Option<String>, DatabaseError> {
    Ok(row.next::<Option<LossyText>>()?.map(|LossyText(text)| text))
}

/// A damaged entry is read as it is now: one bad row must not make the trail unreadable.
impl FromRow for Read<AuditEntry> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let LossyUuid(id) = row.next()?;
        Ok(Self(AuditEntry {
            id: AuditId::from_uuid(id),
            at: row.next()?,
            user_id: row
                .next::<Option<LossyUuid>>()?
                .map(|LossyUuid(id)| UserId::from_uuid(id)),
            actor: Actor::stored(&lossy_text(row)?),
            action: lossy_text(row)?,
            resource: lossy_text(row)?,
            resource_id: lossy_text(row)?,
            before: optional_lossy_text(row)?,
            after: optional_lossy_text(row)?,
            ip: optional_lossy_text(row)?,
            user_agent: optional_lossy_text(row)?,
            request_id: optional_lossy_text(row)?,
        }))
    }
}

repository! {
    /// The audit trail.
    Audit
}

impl Audit<'_> {
    /// Inserts an entry. Called only by the function that runs use cases.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn insert(&mut self, entry: &AuthenticatedEntry) -> Result<()> {
        let (insert, values) = inserting(entry);
        self.0.execute(insert, &params(&values)).await?;
        Ok(())
    }

    /// A page of the entries within the scope, the newest first.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a cursor of another list.
    pub async fn list(
        &mut self,
        scope: &Scope<AuditEntry>,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>> {
        let query = LIST.by(0, true);
        let query = if row_filter::all(scope) {
            query
        } else {
            query.nothing()
        };
        let query = query
            .with(RESOURCE, filter.resource.as_ref())
            .with(RESOURCE_ID, filter.resource_id.as_ref())
            .with(USER, filter.user_id.as_ref())
            .with(ACTION, filter.action.as_ref())
            .with(FROM, filter.from.as_ref())
            .with(TO, filter.to.as_ref());
        let info = |entry: &AuditEntry| Position {
            key: CursorKey::Number(entry.at.micros()),
            id: entry.id.uuid(),
        };
        query.page(self.0, page, info).await
    }
}

/// The statement that inserts an entry.
pub(crate) fn inserting(authenticated: &AuthenticatedEntry) -> (Authorized<'static>, Vec<BoundValue<'_>>) {
    let entry = &authenticated.entry;
    let values = vec![
        bound(&entry.id),
        bound(&entry.at),
        bound(&entry.user_id),
        bound(entry.actor.as_str()),
        bound(&entry.action),
        bound(&entry.resource),
        bound(&entry.resource_id),
        bound(&entry.before),
        bound(&entry.after),
        bound(&entry.ip),
        bound(&entry.user_agent),
        bound(&entry.request_id),
        bound(&authenticated.writer),
        bound(&authenticated.number),
        bound(&authenticated.mac),
    ];
    (INSERT.exempt(), values)
}
