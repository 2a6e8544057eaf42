//! Seals stored secrets again under the current master key, so that the previous one can be removed.
//!
//! Each batch is a transaction, and what it sealed again is found no more: a run that is interrupted loses nothing, and
//! the next one continues. The root secret comes last; once it is under the current key, no process starts without it.

use crate::context::{CommandContext, Repositories};
use crate::job::sealed::{self, payload_prefix};
use crate::use_case::{Command, UseCase};
use mainstay_domain::access::{Access, SystemCaller, permit_all};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::JobId;
use mainstay_domain::master_key::MasterKey;
use mainstay_domain::{Error, Result};
use mainstay_repositories::{SEALED_COLUMNS, SealedColumn, master_key_check};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// Values that one transaction seals again.
const BATCH: u32 = 200;

/// Seals the next values of a column again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResealColumn {
    /// The column's place in [`SEALED_COLUMNS`].
    column: usize,
    /// The last row that was done; nil at the beginning.
    after: Uuid,
}

impl ResealColumn {
    /// The first values of the column at this place in [`SEALED_COLUMNS`].
    pub fn first(column: usize) -> Self {
        Self {
            column,
            after: Uuid::nil(),
        }
    }
}

/// Seals the values in the payloads of the next jobs again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResealJobs {
    /// The last job that was done; nil at the beginning.
    after: JobId,
}

impl ResealJobs {
    /// The first jobs.
    pub fn first() -> Self {
        Self {
            after: JobId::from_uuid(Uuid::nil()),
        }
    }
}

/// What a batch did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resealed<B> {
    /// How many values are under the current key now that were not before.
    pub resealed: u64,
    /// The rows whose values cannot be opened: sealed under a key that is not configured, or changed.
    pub unreadable: Vec<Uuid>,
    /// The next batch; `None` after the last one.
    pub next: Option<B>,
}

/// Seals the root secret again, after all other values.
#[derive(Debug, Clone)]
pub struct FinishReseal;

impl UseCase for ResealColumn {
    const NAME: &'static str = "key.reseal";
    const ACCESS: Access = Access::system();
    type Output = Resealed<Self>;
}

impl Command for ResealColumn {
    /// The values stay the same; [`FinishReseal`] records the replacement of the key.
    const RECORDS_NO_EVENT: bool = true;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Resealed<Self>> {
        let permit = permit_all(SystemCaller::OPERATOR, MasterKey::RESEAL);
        let column = column(self.column)?;
        let prefix = cx.components().sealer.prefix();
        let others = column
            .others(cx.tx(), &permit, &prefix, self.after, BATCH)
            .await?;
        let last = others.last().filter(|_| others.len() == BATCH as usize);
        let next = last.map(|value| Self {
            column: self.column,
            after: value.id,
        });
        let (mut resealed, mut unreadable) = (0, Vec::new());
        for value in others {
            let sealer = &cx.components().sealer;
            let Ok(plain) = sealer.open(column.context(), &value.row, &value.sealed) else {
                unreadable.push(value.id);
                continue;
            };
            let new = sealer.seal(column.context(), &value.row, &plain, cx.random());
            resealed += u64::from(column.replace(cx.tx(), &permit, &value, &new).await?);
        }
        Ok(Resealed {
            resealed,
            unreadable,
            next,
        })
    }
}

impl UseCase for ResealJobs {
    const NAME: &'static str = "key.reseal-jobs";
    const ACCESS: Access = Access::system();
    type Output = Resealed<Self>;
}

impl Command for ResealJobs {
    /// As with [`ResealColumn`].
    const RECORDS_NO_EVENT: bool = true;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Resealed<Self>> {
        let permit = permit_all(SystemCaller::OPERATOR, MasterKey::RESEAL);
        let prefix = payload_prefix(cx.components().sealer.prefix());
        let others = cx
            .jobs()
            .sealed_otherwise(&permit, &prefix, self.after, BATCH)
            .await?;
        let last = others.last().filter(|_| others.len() == BATCH as usize);
        let next = last.map(|job| Self { after: job.id });
        let (mut resealed, mut unreadable) = (0, Vec::new());
        for job in others {
            let sealer = &cx.components().sealer;
            let Ok(payload) = sealed::resealed(&job.kind, &job.payload, sealer, cx.random()) else {
                unreadable.push(job.id.uuid());
                continue;
            };
            resealed += u64::from(cx.jobs().reseal(&permit, &job, &payload).await?);
        }
        Ok(Resealed {
            resealed,
            unreadable,
            next,
        })
    }
}

impl UseCase for FinishReseal {
    const NAME: &'static str = "key.reseal.finish";
    const ACCESS: Access = Access::system();
    type Output = bool;
}

impl Command for FinishReseal {
    /// Whether the root secret was under another key. Fails while a value of another key is left: a process with a former
    /// key may have written it meanwhile.
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<bool> {
        let permit = permit_all(SystemCaller::OPERATOR, MasterKey::RESEAL);
        let prefix = cx.components().sealer.prefix();
        for column in SEALED_COLUMNS {
            let left = column.others(cx.tx(), &permit, &prefix, Uuid::nil(), 1).await?;
            if !left.is_empty() {
                return Err(Error::Conflict(format!(
                    "{} holds values that are not under the current master key",
                    column.name()
                )));
            }
        }
        let (text, first) = (payload_prefix(prefix), ResealJobs::first().after);
        if !cx
            .jobs()
            .sealed_otherwise(&permit, &text, first, 1)
            .await?
            .is_empty()
        {
            return Err(Error::Conflict(
                "jobs.payload holds values that are not under the current master key".to_owned(),
            ));
        }
        let stored = master_key_check::find(cx.tx()).await?;
        let stored = stored.ok_or_else(|| Error::bug("a started process finds its root secret"))?;
        let sealer = &cx.components().sealer;
        if sealer.is_current(&stored) {
            return Ok(false);
        }
        let (context, row) = (master_key_check::CONTEXT, master_key_check::ROW);
        let plain = sealer.open(context, row, &stored).map_err(Error::internal)?;
        let new = sealer.seal(context, row, &plain, cx.random());
        master_key_check::replace(cx.tx(), &permit, &stored, &new).await?;
        let permit = cx.permit(MasterKey::RESEAL, &MasterKey)?;
        let facts = json!({"key": sealer_name(cx)});
        cx.record(
            permit,
            DomainEvent::noted("master-key.replaced", "RESEAL", &facts),
        );
        Ok(true)
    }
}

/// The id of the current key, which reveals nothing of it.
fn sealer_name(cx: &CommandContext<'_>) -> String {
    let [_, a, b, c, d] = cx.components().sealer.prefix();
    format!("{a:02x}{b:02x}{c:02x}{d:02x}")
}

fn column(place: usize) -> Result<&'static SealedColumn> {
    SEALED_COLUMNS
        .get(place)
        .ok_or_else(|| Error::bug("a column that is not in the list"))
}
