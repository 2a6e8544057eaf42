//! The list of what is exported, and of what is not.

use super::{Location, Paging, PersonalTable, Type};

/// The statement that reads a page of a table. The columns of the position come first.
macro_rules! page_of {
    (ById, $table:literal, $condition:literal, $($columns:tt)+) => {
        concat!(
            "SELECT id, ", $($columns)+, " FROM ", $table, " WHERE ", $condition, " AND id > $2 ORDER BY id LIMIT $3"
        )
    };
    (ByTime, $table:literal, $condition:literal, $($columns:tt)+) => {
        concat!(
            "SELECT created_at, id, ", $($columns)+, " FROM ", $table, " WHERE ", $condition,
            " AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4"
        )
    };
    (ByIdOfText, $table:literal, $condition:literal, $($columns:tt)+) => {
        concat!(
            "SELECT id, ", $($columns)+, " FROM ", $table, " WHERE ", $condition, " AND id > $3 ORDER BY id LIMIT $4"
        )
    };
    (Whole, $table:literal, $condition:literal, $($columns:tt)+) => {
        concat!("SELECT ", $($columns)+, " FROM ", $table, " WHERE ", $condition)
    };
}

/// `NAME: location, "table" where "condition" paging { column: type, … } without { column: "why", … }`. `$1` is the account,
/// or the row that the rows belong to.
macro_rules! personal_data {
    ($($name:ident: $location:expr, $table:literal where $condition:literal $paging:ident {
        $first:ident: $first_type:ident $(, $column:ident: $type:ident)* $(,)?
    } without { $($left_out:ident: $why:literal),* $(,)? })+) => {
        statements! { $($name = page_of!(
            $paging, $table, $condition, concat!(stringify!($first) $(, ", ", stringify!($column))*)
        );)+ }

        /// Every table of which an export holds rows.
        pub(super) static TABLES: &[PersonalTable] = &[$(PersonalTable {
            location: $location,
            table: $table,
            columns: &[
                (stringify!($first), Type::$first_type) $(, (stringify!($column), Type::$type))*
            ],
            left_out: &[$((stringify!($left_out), $why)),*],
            paging: Paging::$paging,
            select: &$name,
        }),+];
    };
}

personal_data! {
    PROFILE: Location::One("profile"), "users" where "id = $1 AND deleted_at IS NULL" Whole {
        id: Id, email: Text, name: Text, role: Text, status: Text, email_verified: Flag, locale: Text,
        mfa_enabled: Flag, created_at: Instant, updated_at: Instant, deletion_at: Instant,
    } without {
        version: "counts the changes of the row",
        access_changed_at: "informs the nodes of changes of the role, the status and the permissions",
        access_change: "numbers these changes",
        search_text: "the address and the name again",
        deleted_at: "a deleted account has no owner who could export it",
    }
    PERMISSIONS: Location::List("permissions"), "user_permissions" where "user_id = $1 ORDER BY permission" Whole {
        permission: Text, expires_at: Instant, created_at: Instant,
    } without {
        user_id: "the account itself",
        granted_by: "the account of another person",
    }
    PASSWORD: Location::Kind("factors", "password"), "credentials" where "user_id = $1" Whole {
        changed_at: Instant,
    } without {
        user_id: "the account itself",
        password_hash: "a secret",
    }
    TOTP: Location::Kind("factors", "totp"), "totp_factors" where "user_id = $1" Whole {
        confirmed_at: Instant, created_at: Instant,
    } without {
        user_id: "the account itself",
        sealed: "a secret",
        last_step: "guards the secret",
    }
    RECOVERY_CODES: Location::Kind("factors", "recovery-code"), "recovery_codes"
        where "user_id = $1 ORDER BY created_at, digest" Whole {
        used_at: Instant, created_at: Instant,
    } without {
        user_id: "the account itself",
        digest: "the hash of a secret",
    }
    PASSKEYS: Location::List("passkeys"), "passkeys" where "user_id = $1" ById {
        id: Id, name: Text, counter: Number, backup_eligible: Flag, backed_up: Flag, created_at: Instant,
        last_used_at: Instant,
    } without {
        user_id: "the account itself",
        credential_id: "finds the passkey on the authenticator",
        credential: "the public key, which means nothing outside of this site",
    }
    IDENTITIES: Location::List("identities"), "identities" where "user_id = $1" ById {
        id: Id, provider: Text, issuer: Text, subject: Text, email: Text, created_at: Instant, last_used_at: Instant,
    } without {
        user_id: "the account itself",
    }
    SESSIONS: Location::List("sessions"), "sessions" where "user_id = $1" ById {
        id: Id, method: Text, ip: Text, user_agent: Text, created_at: Instant, last_seen_at: Instant,
        expires_at: Instant, stepped_up_at: Instant, flagged_at: Instant, ended_at: Instant,
    } without {
        user_id: "the account itself",
        seed: "a secret",
        generation: "guards the secret",
        end_change: "informs the nodes of the end",
    }
    DEVICES: Location::List("devices"), "devices" where "user_id = $1" ById {
        id: Id, first_seen_at: Instant, last_seen_at: Instant,
    } without {
        user_id: "the account itself",
        browser: "recognises the browser: who has it may guess more often",
        fingerprint: "a hash, for the same purpose",
    }
    API_KEYS: Location::List("api-keys"), "api_keys" where "user_id = $1" ById {
        id: Id, name: Text, status: Text, scopes: Json, networks: Json, created_at: Instant, expires_at: Instant,
        last_used_at: Instant, revoked_at: Instant,
    } without {
        user_id: "the account itself",
        digest: "the hash of a secret",
        revoke_change: "informs the nodes of the revocation",
    }
    ORDERS: Location::List("orders"), "orders" where "user_id = $1" ByTime {
        id: Id, number: Text, status: Text, total_amount: Number, refunded_amount: Number, currency: Text,
        reserved_until: Instant, created_at: Instant, updated_at: Instant,
    } without {
        user_id: "the account itself",
        version: "counts the changes of the row",
    }
    ORDER_ITEMS: Location::Within("orders", "items"), "order_items" where "order_id = $1 ORDER BY line" Whole {
        line: Number, product_id: Id, sku: Text, name: Text, quantity: Number, unit_amount: Number,
        total_amount: Number,
    } without {
        order_id: "the order that the item stands in",
    }
    PAYMENTS: Location::List("payments"), "payments" where "user_id = $1" ById {
        id: Id, order_id: Id, status: Text, amount: Number, currency: Text, reference: Text, failure: Text,
        created_at: Instant, updated_at: Instant,
    } without {
        user_id: "the account itself",
    }
    AUDIT_ENTRIES: Location::List("audit-entries"), "audit_entries" where "user_id = $1" ById {
        id: Id, at: Instant, actor: Text, action: Text, resource: Text, resource_id: Text, before_json: Json,
        after_json: Json, ip: Text, user_agent: Text, request_id: Text,
    } without {
        user_id: "the account itself",
        writer: "links the entry into the chain",
        number: "links the entry into the chain",
        mac: "links the entry into the chain",
        seq: "links the entry into the chain",
        hash: "links the entry into the chain",
    }
    AUDIT_ENTRIES_OF_OTHERS: Location::List("audit-entries-of-others"), "audit_entries"
        where "resource = 'user' AND resource_id = $1 AND (user_id IS NULL OR user_id <> $2)" ByIdOfText {
        id: Id, at: Instant, actor: Text, action: Text, before_json: Json, after_json: Json,
    } without {
        user_id: "the account of another person",
        resource: "always the account itself",
        resource_id: "the account itself",
        ip: "the address of another person",
        user_agent: "the software of another person",
        request_id: "the request of another person",
        writer: "links the entry into the chain",
        number: "links the entry into the chain",
        mac: "links the entry into the chain",
        seq: "links the entry into the chain",
        hash: "links the entry into the chain",
    }
    SECURITY_EVENTS: Location::List("security-events"), "security_events" where "user_id = $1" ById {
        id: Id, kind: Text, ip: Text, user_agent: Text, operation: Text, resource: Text, resource_id: Text,
        count: Number, first_at: Instant, last_at: Instant,
    } without {
        user_id: "the account itself",
        digest: "finds the event again",
        period: "finds the event again",
    }
    EXPORTS: Location::List("exports"), "data_exports" where "user_id = $1" ById {
        id: Id, status: Text, size: Number, created_at: Instant, finished_at: Instant, expires_at: Instant,
    } without {
        user_id: "the account itself",
        build_id: "names the attempt that made the archive",
    }
}

/// The tables of which an export holds nothing, each with the reason. A new table is in this list or in the other one.
pub static NOT_EXPORTED: &[(&str, &str)] = &[
    ("audit_acceptances", "about the audit trail, by operators"),
    ("audit_head", "about the audit trail"),
    ("audit_writers", "about the audit trail"),
    ("counters", "numbers of the whole database"),
    ("data_export_builds", "the archives themselves"),
    ("data_export_chunks", "the archives themselves"),
    ("email_codes", "a secret, valid for ten minutes"),
    (
        "idempotency_keys",
        "copies of answers about rows that are exported, kept for a day",
    ),
    ("identity_tokens", "secrets of identity providers"),
    (
        "jobs",
        "work to be done, by the ids of rows that are exported; mails are sealed, and gone after a week",
    ),
    ("master_key_check", "a value of the whole database"),
    ("one_time_tokens", "hashes of secrets, valid for a week at most"),
    (
        "outbox",
        "copies of audit entries on their way, gone after a week",
    ),
    ("outbox_positions", "numbers of the whole database"),
    ("products", "about no person"),
    ("role_permissions", "about roles"),
    ("roles", "about roles"),
    ("signing_keys", "keys of the whole database"),
    ("step_up_codes", "a secret, valid for ten minutes"),
    ("tries", "numbers under hashes, gone after a day or two"),
    (
        "webhook_deliveries",
        "copies of events on their way, gone after a month",
    ),
    (
        "webhook_endpoints",
        "about the deployment; the audit entries of those who manage them are exported",
    ),
    ("webhook_secrets", "secrets of the deployment"),
    ("write_probe", "a value of the whole database"),
];
