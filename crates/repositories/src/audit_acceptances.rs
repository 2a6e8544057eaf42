//! Administrators' acceptances of an audit trail with findings.

use crate::audit::Audit;
use crate::outcome::rows;
use crate::read::Read;
use mainstay_domain::Result;
use mainstay_domain::access::Permit;
use mainstay_domain::audit::{Acceptance, AuditEntry, ChainHead};
use mainstay_domain::id::AuditId;
use mainstay_platform::database::{Change, DatabaseError, FromRow, Row};

statements! {
    ALL_ACCEPTANCES = "SELECT seq, hash, at, reason, faults, mac FROM audit_acceptances ORDER BY seq";
}

changes! {
    INSERT: Change<AuditEntry>, "audit_acceptances", [AuditEntry::ACCEPT] =
        "INSERT INTO audit_acceptances (seq, hash, at, reason, faults, mac) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (seq) DO UPDATE SET hash = EXCLUDED.hash, at = EXCLUDED.at, reason = EXCLUDED.reason, \
         faults = EXCLUDED.faults, mac = EXCLUDED.mac";
}

impl FromRow for Read<Acceptance> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let head = ChainHead {
            seq: row.next()?,
            hash: row.next()?,
        };
        Ok(Self(Acceptance {
            head,
            at: row.next()?,
            reason: row.next()?,
            faults: row.next()?,
            mac: row.next()?,
        }))
    }
}

impl Audit<'_> {
    /// Every acceptance, in the order of places.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn acceptances(&mut self) -> Result<Vec<Acceptance>> {
        Ok(rows(self.0.all(&ALL_ACCEPTANCES, &[]).await?))
    }

    /// Inserts an acceptance, which the given entry will record.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn accept(
        &mut self,
        permit: &Permit<AuditEntry>,
        entry: AuditId,
        acceptance: &Acceptance,
    ) -> Result<()> {
        let insert = INSERT.authorize_id(permit, entry)?;
        let head = &acceptance.head;
        let done = self
            .0
            .execute(
                insert,
                &[
                    &head.seq,
                    &head.hash,
                    &acceptance.at,
                    &acceptance.reason,
                    &acceptance.faults,
                    &acceptance.mac,
                ],
            )
            .await;
        done?;
        Ok(())
    }
}
