//! All statements, for the tests that prepare each on both engines and ask the engines what it writes.

use crate::rows::{ComposedTable, Table, TableStatements};
#[cfg(test)]
use mainstay_domain::access::SystemCaller;
use mainstay_domain::access::{Action, Resource};
use mainstay_domain::api_key::ApiKey;
use mainstay_domain::data_export::DataExport;
use mainstay_domain::identity::Identity;
use mainstay_domain::job::Job;
use mainstay_domain::key::SigningKey;
use mainstay_domain::passkey::Passkey;
use mainstay_domain::payment::Payment;
use mainstay_domain::security::SecurityEvent;
use mainstay_domain::webhook::{WebhookDelivery, WebhookEndpoint};
use mainstay_platform::database::{BulkChange, Change, InternalChange, InternalTable, Select, Sql};

/// A statement, as it is declared.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Module and name.
    pub name: &'static str,
    /// The text.
    pub sql: Sql,
    /// What it may do.
    pub effect: Effect,
}

/// What a statement may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It reads.
    Reads,
    /// It changes a table for these actions on the resource.
    Changes {
        /// The table.
        table: &'static str,
        /// The name of the resource whose permit it requires.
        resource: &'static str,
        /// The actions that it serves.
        actions: &'static [Action],
        /// Whether it changes rows by a condition, with a permit for all of them.
        bulk: bool,
    },
    /// It changes a table of Mainstay's own, without a permit.
    ChangesInternal(InternalTable),
}

/// A change that requires a permit, whatever its resource.
pub(crate) trait GuardedChange: Sync {
    /// Its text and declaration.
    fn declaration(&self) -> (&Sql, Effect);
    /// Whether a permit of the system for the action and the first row authorises it for the second row.
    #[cfg(test)]
    fn admits(&self, part: SystemCaller, action: Action, rows: [uuid::Uuid; 2]) -> bool;
}

impl<T: Resource> GuardedChange for Change<T> {
    fn declaration(&self) -> (&Sql, Effect) {
        let effect = Effect::Changes {
            table: self.table(),
            resource: T::NAME,
            actions: self.actions(),
            bulk: false,
        };
        (self.sql(), effect)
    }

    #[cfg(test)]
    fn admits(&self, part: SystemCaller, action: Action, rows: [uuid::Uuid; 2]) -> bool {
        use mainstay_domain::access::{Caller, permit_new};
        use mainstay_domain::id::Id;
        let [permitted, row] = rows.map(Id::from_uuid);
        let permit = permit_new::<T>(&Caller::System(part), action, permitted, None).unwrap();
        self.authorize_id(&permit, row).is_ok()
    }
}

impl<T: Resource> GuardedChange for BulkChange<T> {
    fn declaration(&self) -> (&Sql, Effect) {
        let (change, resource) = (self.change(), T::NAME);
        let effect = Effect::Changes {
            table: change.table(),
            resource,
            actions: change.actions(),
            bulk: true,
        };
        (change.sql(), effect)
    }

    #[cfg(test)]
    fn admits(&self, part: SystemCaller, action: Action, _: [uuid::Uuid; 2]) -> bool {
        use mainstay_domain::access::permit_all;
        self.authorize(&permit_all(part, action)).is_ok()
    }
}

/// Every statement, including every combination of the composed lists.
pub fn all() -> Vec<Statement> {
    let internal = internal().into_iter().map(|(name, change)| Statement {
        name,
        sql: change.sql().clone(),
        effect: Effect::ChangesInternal(change.table()),
    });
    declared(reads(), changes()).chain(internal).collect()
}

/// The composed statements of a table.
pub fn of_table<T: Table>() -> Vec<Statement> {
    let statements = TableStatements::<T>::get();
    declared(statements.reads(), statements.changes()).collect()
}

fn declared(
    reads: Vec<(&'static str, &'static Select)>,
    changes: Vec<(&'static str, &'static dyn GuardedChange)>,
) -> impl Iterator<Item = Statement> {
    let reads = reads.into_iter().map(|(name, select)| Statement {
        name,
        sql: select.sql().clone(),
        effect: Effect::Reads,
    });
    let changes = changes.into_iter().map(|(name, change)| {
        let (sql, effect) = change.declaration();
        Statement {
            name,
            sql: sql.clone(),
            effect,
        }
    });
    reads.chain(changes)
}

/// The tables whose statements are composed.
fn tables() -> [&'static dyn ComposedTable; 10] {
    [
        table::<Identity>(),
        table::<ApiKey>(),
        table::<DataExport>(),
        table::<Job>(),
        table::<Passkey>(),
        table::<Payment>(),
        table::<SecurityEvent>(),
        table::<SigningKey>(),
        table::<WebhookDelivery>(),
        table::<WebhookEndpoint>(),
    ]
}

fn table<T: Table>() -> &'static dyn ComposedTable {
    TableStatements::<T>::get()
}

fn reads() -> Vec<(&'static str, &'static Select)> {
    let fixed = [
        crate::access_changes::ALL,
        crate::api_keys::ALL,
        crate::audit_acceptances::ALL,
        crate::audit_chain::ALL,
        crate::audit_writers::ALL,
        crate::credentials::ALL,
        crate::data_exports::ALL,
        crate::devices::ALL,
        crate::dialect::ALL,
        crate::idempotency::ALL,
        crate::identities::ALL,
        crate::jobs::ALL,
        crate::leases::ALL,
        crate::master_key_check::ALL,
        crate::one_time_tokens::ALL,
        crate::orders::ALL,
        crate::outbox::ALL,
        crate::outbox_positions::ALL,
        crate::passkeys::ALL,
        crate::payments::ALL,
        crate::personal_data::ALL,
        crate::products::ALL,
        crate::roles::ALL,
        crate::recovery_codes::ALL,
        crate::sessions::ALL,
        crate::signing_keys::ALL,
        crate::stock::ALL,
        crate::totp_factors::ALL,
        crate::user_access::ALL,
        crate::users::ALL,
        crate::webhooks::ALL,
    ];
    let lists = [
        &crate::audit::LIST,
        &crate::orders::LIST,
        &crate::products::LIST,
        &crate::sessions::LIST,
        &crate::users::LIST,
    ];
    let sealed = crate::SEALED_COLUMNS
        .iter()
        .map(|column| (column.statement, &column.others));
    let families = [&crate::order_items::ITEMS_OF, &crate::user_access::GRANTS_OF];
    let fixed = fixed.into_iter().flatten().copied();
    fixed
        .chain(tables().into_iter().flat_map(|table| table.reads()))
        .chain(lists.into_iter().flat_map(|list| list.all()))
        .chain(sealed)
        .chain(families.into_iter().flat_map(|family| family.all()))
        .collect()
}

fn changes() -> Vec<(&'static str, &'static dyn GuardedChange)> {
    let fixed = [
        crate::api_keys::CHANGES,
        crate::audit_acceptances::CHANGES,
        crate::credentials::CHANGES,
        crate::data_exports::CHANGES,
        crate::identities::CHANGES,
        crate::devices::CHANGES,
        crate::jobs::CHANGES,
        crate::master_key_check::CHANGES,
        crate::orders::CHANGES,
        crate::passkeys::CHANGES,
        crate::payments::CHANGES,
        crate::products::CHANGES,
        crate::roles::CHANGES,
        crate::recovery_codes::CHANGES,
        crate::sessions::CHANGES,
        crate::signing_keys::CHANGES,
        crate::stock::CHANGES,
        crate::totp_factors::CHANGES,
        crate::user_access::CHANGES,
        crate::users::CHANGES,
        crate::webhooks::CHANGES,
    ];
    let families = [&crate::order_items::INSERT_ITEMS];
    let sized = families.into_iter().flat_map(|family| family.all());
    let sized = sized.map(|(name, change)| (name, change as &dyn GuardedChange));
    let sealed = crate::SEALED_COLUMNS.iter();
    let sealed = sealed.map(|column| (column.statement, &column.reseal as &dyn GuardedChange));
    let seen = [&crate::sessions::SEEN]
        .into_iter()
        .flat_map(|family| family.all());
    let seen = seen.map(|(name, change)| (name, change as &dyn GuardedChange));
    let tables = tables().into_iter().flat_map(|table| table.changes());
    fixed
        .into_iter()
        .flatten()
        .copied()
        .chain(sized)
        .chain(seen)
        .chain(sealed)
        .chain(tables)
        .collect()
}

fn internal() -> Vec<(&'static str, &'static InternalChange)> {
    let fixed = [
        crate::access_changes::INTERNAL,
        crate::audit::INTERNAL,
        crate::audit_chain::INTERNAL,
        crate::audit_writers::INTERNAL,
        crate::data_exports::INTERNAL,
        crate::dialect::INTERNAL,
        crate::email_codes::INTERNAL,
        crate::step_up_codes::INTERNAL,
        crate::health::INTERNAL,
        crate::idempotency::INTERNAL,
        crate::jobs::INTERNAL,
        crate::leases::INTERNAL,
        crate::master_key_check::INTERNAL,
        crate::one_time_tokens::INTERNAL,
        crate::outbox::INTERNAL,
        crate::outbox_positions::INTERNAL,
        crate::security_events::INTERNAL,
        crate::tries::INTERNAL,
    ];
    fixed.into_iter().flatten().copied().collect()
}

#[cfg(test)]
mod tests;
