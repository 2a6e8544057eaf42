-- V1__roles
-- Each file is one migration for both engines: PostgreSQL's DDL, of which SQLite's is derived (src/migrate/derive.rs).
-- What only one engine has stands beside it, in a file that ends in .postgres.sql or .sqlite.sql, and is applied after it.
-- Ids are UUID, instants BIGINT microseconds since 1970 UTC, money BIGINT minor units, JSON TEXT, or JSONB where
-- the database looks inside. What is sorted or compared by order is COLLATE "C": bytes, as SQLite does it.

-- Roles and what they may do; administrators change them. The role admin lists nothing: it has every permission.

CREATE TABLE roles (
    name         TEXT NOT NULL PRIMARY KEY,
    built_in     INTEGER NOT NULL,
    -- Whether its members need a second factor: without one, they may do nothing but set one up.
    mfa_required INTEGER NOT NULL,
    created_at   INTEGER  NOT NULL,
    updated_at   INTEGER  NOT NULL,
    version      INTEGER  NOT NULL
) STRICT;

-- sqlite: WITHOUT ROWID
CREATE TABLE role_permissions (
    role       TEXT NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (role, permission)
) STRICT, WITHOUT ROWID;

INSERT INTO roles (name, built_in, mfa_required, created_at, updated_at, version) VALUES
    ('admin', TRUE, FALSE, 0, 0, 1), ('manager', TRUE, FALSE, 0, 0, 1), ('support', TRUE, FALSE, 0, 0, 1),
    ('customer', TRUE, FALSE, 0, 0, 1);

INSERT INTO role_permissions (role, permission) VALUES
    ('manager', 'read:user'),
    ('manager', 'create:product'), ('manager', 'update:product'), ('manager', 'delete:product'),
    ('manager', 'create:order'), ('manager', 'read:order'), ('manager', 'update:order'), ('manager', 'refund:order'),
    ('manager', 'export:data'),
    ('support', 'read:user'),
    ('support', 'create:order'), ('support', 'read:order'), ('support', 'update:order'),
    ('support', 'read:audit'),
    ('customer', 'create:order');

-- Numbers that count up. `access_changes` numbers the changes of who may do what: a transaction that makes one adds 1
-- and holds the row until it commits, so numbers become visible in their order, whatever the clocks of the nodes say.

CREATE TABLE counters (
    name  TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

INSERT INTO counters (name, value) VALUES ('access_changes', 0);

-- V2__users
-- Accounts, what they may do beyond their role, and their passwords.

CREATE TABLE users (
    id                BLOB    NOT NULL PRIMARY KEY,
    email             TEXT NOT NULL,
    name              TEXT NOT NULL,
    role              TEXT NOT NULL REFERENCES roles (name),
    status            TEXT    NOT NULL,
    email_verified    INTEGER NOT NULL,
    -- The language of the mails to the user, by its tag (RFC 5646).
    locale            TEXT    NOT NULL,
    mfa_enabled       INTEGER NOT NULL,
    created_at        INTEGER  NOT NULL,
    updated_at        INTEGER  NOT NULL,
    version           INTEGER  NOT NULL,
    access_changed_at INTEGER  NOT NULL,
    access_change     INTEGER  NOT NULL,
    -- The address and the name, folded, as they are searched.
    search_text       TEXT    NOT NULL,
    -- When the account is deleted, because its owner requested it; until then it can be restored.
    deletion_at       INTEGER,
    -- When the account was deleted. The row names no person any more; it stays until every node knows of the deletion.
    deleted_at        INTEGER
) STRICT;

CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE INDEX users_deletion_due ON users (deletion_at) WHERE deletion_at IS NOT NULL;
CREATE INDEX users_deleted ON users (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX users_created ON users (created_at, id);
CREATE INDEX users_named ON users (lower(name), id);
CREATE INDEX users_role ON users (role, status);
CREATE INDEX users_access_changed ON users (access_changed_at);
CREATE INDEX users_access_change ON users (access_change);

-- sqlite: WITHOUT ROWID
CREATE TABLE user_permissions (
    user_id    BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    expires_at INTEGER,
    granted_by BLOB,
    created_at INTEGER  NOT NULL,
    PRIMARY KEY (user_id, permission)
) STRICT, WITHOUT ROWID;

CREATE TABLE credentials (
    user_id       BLOB    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    password_hash TEXT    NOT NULL,
    changed_at    INTEGER  NOT NULL
) STRICT;

-- V3__sessions
-- Sign-ins that last, and the tokens that mails carry.

CREATE TABLE sessions (
    id            BLOB    NOT NULL PRIMARY KEY,
    user_id       BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method        TEXT    NOT NULL,
    stepped_up_at INTEGER,
    generation    INTEGER  NOT NULL,
    seed          BLOB   NOT NULL,
    ip            TEXT,
    user_agent    TEXT,
    created_at    INTEGER  NOT NULL,
    last_seen_at  INTEGER  NOT NULL,
    expires_at    INTEGER  NOT NULL,
    flagged_at    INTEGER,
    ended_at      INTEGER,
    end_change    INTEGER
) STRICT;

CREATE INDEX sessions_user ON sessions (user_id, id);
CREATE INDEX sessions_expiring ON sessions (expires_at);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_end_change ON sessions (end_change) WHERE end_change IS NOT NULL;

CREATE TABLE one_time_tokens (
    digest     BLOB   NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    user_id    BLOB    REFERENCES users (id) ON DELETE CASCADE,
    -- What the token stands for besides its account: JSON, in the form of its purpose.
    payload    TEXT,
    -- The digest of the secret that the browser which asked for the token keeps in a cookie.
    browser    BLOB,
    expires_at INTEGER  NOT NULL,
    used_at    INTEGER,
    created_at INTEGER  NOT NULL
) STRICT;

CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id);
CREATE INDEX one_time_tokens_expiring ON one_time_tokens (expires_at);

-- V4__keys
-- The keys that sign access tokens, sealed with the master key.

CREATE TABLE signing_keys (
    id         BLOB    NOT NULL PRIMARY KEY,
    kid        TEXT    NOT NULL,
    algorithm  TEXT    NOT NULL,
    sealed     BLOB   NOT NULL,
    public_key BLOB   NOT NULL,
    created_at INTEGER  NOT NULL,
    signs_from INTEGER  NOT NULL,
    retires_at INTEGER
) STRICT;

CREATE UNIQUE INDEX signing_keys_kid_key ON signing_keys (kid);

-- A known value, sealed by the first start: a program that cannot open it has another master key.
CREATE TABLE master_key_check (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sealed     BLOB  NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- V5__products
-- Products. Lists are sorted by an index within what they are filtered by.

-- The full-text index of SQLite points to the rowid; VACUUM renumbers one that has no name.
-- sqlite: ROWID search_row
CREATE TABLE products (
    search_row INTEGER PRIMARY KEY,
    id             BLOB    NOT NULL UNIQUE,
    sku            TEXT NOT NULL,
    name           TEXT NOT NULL,
    description    TEXT    NOT NULL,
    price_amount   INTEGER  NOT NULL CHECK (price_amount >= 0),
    price_currency TEXT    NOT NULL,
    stock          INTEGER  NOT NULL CHECK (stock >= 0),
    category       TEXT,
    attributes     TEXT   NOT NULL,
    status         TEXT    NOT NULL,
    created_at     INTEGER  NOT NULL,
    updated_at     INTEGER  NOT NULL,
    version        INTEGER  NOT NULL,
    -- The words it is found by, in small letters, with a space between each.
    search_text    TEXT    NOT NULL
) STRICT;

-- The SKU of an archived product may be used again.
CREATE UNIQUE INDEX products_sku_key ON products (sku) WHERE status <> 'archived';
CREATE INDEX products_created ON products (created_at, id);
CREATE INDEX products_price ON products (price_amount, id);
CREATE INDEX products_named ON products (lower(name), id);
CREATE INDEX products_status_created ON products (status, created_at, id);
CREATE INDEX products_status_price ON products (status, price_amount, id);
CREATE INDEX products_status_named ON products (status, lower(name), id);
CREATE INDEX products_category_created ON products (category, status, created_at, id);
CREATE INDEX products_category_price ON products (category, status, price_amount, id);
CREATE INDEX products_category_named ON products (category, status, lower(name), id);

-- `SELECT id FROM products_search($1)` works on both engines: a table-valued function here, a function there.
-- To `ascii` everything but ASCII is a letter, so that it cuts at the spaces and nowhere else.
CREATE VIRTUAL TABLE products_search USING fts5 (
    id UNINDEXED, search_text,
    content = 'products', content_rowid = 'search_row', tokenize = 'ascii', prefix = '2 3'
);

CREATE TRIGGER products_search_insert AFTER INSERT ON products BEGIN
    INSERT INTO products_search (rowid, id, search_text) VALUES (NEW.search_row, NEW.id, NEW.search_text);
END;

CREATE TRIGGER products_search_delete AFTER DELETE ON products BEGIN
    INSERT INTO products_search (products_search, rowid, id, search_text)
    VALUES ('delete', OLD.search_row, OLD.id, OLD.search_text);
END;

-- Not on a change of the stock: that is the hottest write of all.
CREATE TRIGGER products_search_update AFTER UPDATE OF search_text ON products
WHEN OLD.search_text IS NOT NEW.search_text
BEGIN
    INSERT INTO products_search (products_search, rowid, id, search_text)
    VALUES ('delete', OLD.search_row, OLD.id, OLD.search_text);
    INSERT INTO products_search (rowid, id, search_text) VALUES (NEW.search_row, NEW.id, NEW.search_text);
END;

-- V6__orders
-- Orders outlive the account: the law keeps them.

CREATE TABLE orders (
    id              BLOB    NOT NULL PRIMARY KEY,
    number          TEXT    NOT NULL,
    user_id         BLOB    NOT NULL,
    status          TEXT    NOT NULL,
    total_amount    INTEGER  NOT NULL CHECK (total_amount >= 0),
    currency        TEXT    NOT NULL,
    refunded_amount INTEGER  NOT NULL CHECK (refunded_amount BETWEEN 0 AND total_amount),
    reserved_until  INTEGER  NOT NULL,
    created_at      INTEGER  NOT NULL,
    updated_at      INTEGER  NOT NULL,
    version         INTEGER  NOT NULL
) STRICT;

CREATE UNIQUE INDEX orders_number_key ON orders (number);
CREATE INDEX orders_user_created ON orders (user_id, created_at, id);
CREATE INDEX orders_created ON orders (created_at, id);
CREATE INDEX orders_status_created ON orders (status, created_at, id);
-- With the status, or the index of a list by status would look as good.
CREATE INDEX orders_held ON orders (status, reserved_until) WHERE status = 'pending';

-- sqlite: WITHOUT ROWID
CREATE TABLE order_items (
    order_id     BLOB    NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    line         INTEGER  NOT NULL,
    product_id   BLOB    NOT NULL REFERENCES products (id),
    sku          TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    quantity     INTEGER  NOT NULL CHECK (quantity > 0),
    unit_amount  INTEGER  NOT NULL,
    total_amount INTEGER  NOT NULL,
    PRIMARY KEY (order_id, line)
) STRICT, WITHOUT ROWID;

CREATE INDEX order_items_product ON order_items (product_id);

-- V7__payments
-- Payments outlive the account: the law keeps them.

CREATE TABLE payments (
    id         BLOB    NOT NULL PRIMARY KEY,
    order_id   BLOB    NOT NULL REFERENCES orders (id),
    user_id    BLOB    NOT NULL,
    status     TEXT    NOT NULL,
    amount     INTEGER  NOT NULL CHECK (amount >= 0),
    currency   TEXT    NOT NULL,
    reference  TEXT,
    failure    TEXT,
    created_at INTEGER  NOT NULL,
    updated_at INTEGER  NOT NULL
) STRICT;

-- One charge per order, whatever happens at once.
CREATE UNIQUE INDEX payments_order_id_key ON payments (order_id) WHERE status IN ('pending', 'succeeded');
CREATE INDEX payments_order ON payments (order_id, created_at);

-- V8__audit
-- The audit trail: written once, linked once, never changed.

CREATE TABLE audit_entries (
    id          BLOB    NOT NULL PRIMARY KEY,
    at          INTEGER  NOT NULL,
    user_id     BLOB,
    actor       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    resource    TEXT    NOT NULL,
    resource_id TEXT    NOT NULL,
    before_json TEXT,
    after_json  TEXT,
    ip          TEXT,
    user_agent  TEXT,
    request_id  TEXT,
    writer      BLOB    NOT NULL,
    number      INTEGER  NOT NULL,
    mac         BLOB   NOT NULL,
    seq         INTEGER,
    hash        BLOB
) STRICT;

CREATE UNIQUE INDEX audit_entries_seq_key ON audit_entries (seq) WHERE seq IS NOT NULL;
CREATE INDEX audit_entries_unlinked ON audit_entries (writer, number, id) WHERE seq IS NULL;
CREATE INDEX audit_entries_resource ON audit_entries (resource_id, id);
CREATE INDEX audit_entries_user ON audit_entries (user_id, id);

-- The end of the chain. There is always one row, so that two sealers can only race for it.
CREATE TABLE audit_head (
    id   INTEGER  NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  INTEGER  NOT NULL,
    hash BLOB   NOT NULL,
    -- How far the entries of each open writer are linked: 16 bytes of its id and 8 of the number, in the order of ids.
    writers BLOB NOT NULL,
    seal BLOB   NOT NULL,
    at   INTEGER  NOT NULL
) STRICT;

INSERT INTO audit_head (id, seq, hash, writers, seal, at) VALUES (1, 0, x'', x'', x'', 0);

-- How many entries each writer has written, so that the removal of its newest ones is noticed before they are linked.
-- sqlite: WITHOUT ROWID
CREATE TABLE audit_writers (
    id     BLOB   NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    mac    BLOB  NOT NULL
) STRICT, WITHOUT ROWID;

-- Up to which place an administrator accepted a trail that was at fault, and what the entries up to there were like.
CREATE TABLE audit_acceptances (
    seq    INTEGER NOT NULL PRIMARY KEY,
    hash   BLOB  NOT NULL,
    at     INTEGER NOT NULL,
    reason TEXT   NOT NULL,
    faults TEXT   NOT NULL,
    mac    BLOB  NOT NULL
) STRICT;

-- The database itself refuses to change, replace or delete an entry.

CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries
WHEN OLD.seq IS NOT NULL OR NEW.seq IS NULL OR NEW.hash IS NULL
    OR NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.user_id IS NOT OLD.user_id OR NEW.actor IS NOT OLD.actor
    OR NEW.action IS NOT OLD.action OR NEW.resource IS NOT OLD.resource OR NEW.resource_id IS NOT OLD.resource_id
    OR NEW.before_json IS NOT OLD.before_json OR NEW.after_json IS NOT OLD.after_json OR NEW.ip IS NOT OLD.ip
    OR NEW.user_agent IS NOT OLD.user_agent OR NEW.request_id IS NOT OLD.request_id
    OR NEW.writer IS NOT OLD.writer OR NEW.number IS NOT OLD.number OR NEW.mac IS NOT OLD.mac
    -- UPDATE OR REPLACE would remove the entry that has the place, and no trigger would know.
    OR EXISTS (SELECT 1 FROM audit_entries WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'an audit entry is never changed');
END;

CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries BEGIN
    SELECT RAISE(ABORT, 'an audit entry is never deleted');
END;

CREATE TRIGGER audit_entries_no_place BEFORE INSERT ON audit_entries
WHEN NEW.seq IS NOT NULL OR NEW.hash IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'an audit entry is never written with a place in the chain');
END;

-- INSERT OR REPLACE would remove the entry that has the name, and no trigger would know.
CREATE TRIGGER audit_entries_no_replace BEFORE INSERT ON audit_entries
WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'an audit entry is never replaced');
END;

-- V9__security_events
-- Refused attempts, counted per minute.

CREATE TABLE security_events (
    id          BLOB    NOT NULL PRIMARY KEY,
    digest      BLOB   NOT NULL,
    period      INTEGER  NOT NULL,
    kind        TEXT    NOT NULL,
    user_id     BLOB,
    ip          TEXT,
    user_agent  TEXT,
    operation   TEXT    NOT NULL,
    resource    TEXT,
    resource_id TEXT,
    count       INTEGER  NOT NULL,
    first_at    INTEGER  NOT NULL,
    last_at     INTEGER  NOT NULL
) STRICT;

CREATE UNIQUE INDEX security_events_digest_period_key ON security_events (digest, period);
CREATE INDEX security_events_last ON security_events (last_at, id);

-- V10__outbox
-- Domain events that the relay has yet to deliver, and those it delivered a short time ago. The relay numbers them as it
-- delivers them: channels replay what a client missed by these positions.

CREATE TABLE outbox (
    id          BLOB    NOT NULL PRIMARY KEY,
    at          INTEGER  NOT NULL,
    kind        TEXT    NOT NULL,
    resource    TEXT    NOT NULL,
    resource_id TEXT    NOT NULL,
    owner_id    BLOB,
    user_id     BLOB,
    request_id  TEXT,
    payload     TEXT    NOT NULL,
    relayed_at  INTEGER,
    position    INTEGER
) STRICT;

CREATE INDEX outbox_waiting ON outbox (id) WHERE relayed_at IS NULL;
CREATE INDEX outbox_relayed ON outbox (relayed_at) WHERE relayed_at IS NOT NULL;
CREATE UNIQUE INDEX outbox_position ON outbox (position) WHERE position IS NOT NULL;
CREATE INDEX outbox_of_resource ON outbox (resource_id, position) WHERE position IS NOT NULL;
CREATE INDEX outbox_of_owner ON outbox (owner_id, position) WHERE position IS NOT NULL;

-- The position of the last relayed event, and of the last one whose retention period is over; at most one row.
CREATE TABLE outbox_positions (
    id     INTEGER NOT NULL PRIMARY KEY,
    epoch  BLOB   NOT NULL,
    last   INTEGER NOT NULL,
    pruned INTEGER NOT NULL
) STRICT;

-- V11__jobs
-- Work for later.

CREATE TABLE jobs (
    id           BLOB    NOT NULL PRIMARY KEY,
    kind         TEXT    NOT NULL,
    queue        TEXT    NOT NULL,
    payload      TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    -- True while it may be claimed. Kept beside run_at so that the most urgent of the due jobs is found by an
    -- index, however many others wait for their time.
    due          INTEGER NOT NULL,
    priority     INTEGER  NOT NULL DEFAULT 0,
    attempts     INTEGER  NOT NULL DEFAULT 0,
    max_attempts INTEGER  NOT NULL,
    run_at       INTEGER  NOT NULL,
    lease_until  INTEGER,
    fence        INTEGER  NOT NULL DEFAULT 0,
    unique_key   TEXT,
    progress     INTEGER  NOT NULL DEFAULT 0,
    last_error   TEXT,
    request_id   TEXT,
    created_at   INTEGER  NOT NULL,
    finished_at  INTEGER
) STRICT;

CREATE UNIQUE INDEX jobs_unique_key_key ON jobs (unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('queued', 'running', 'retrying');
CREATE INDEX jobs_due ON jobs (priority DESC, run_at, id) WHERE due;
CREATE INDEX jobs_due_queue ON jobs (queue, priority DESC, run_at, id) WHERE due;
-- A job that is not due, not leased and not finished waits for its time. Said without the state, whose own index
-- would look like a shorter way.
CREATE INDEX jobs_later ON jobs (run_at) WHERE NOT due AND lease_until IS NULL AND finished_at IS NULL;
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX jobs_state ON jobs (state, finished_at);

-- V12__idempotency_keys
-- What a client was answered for an idempotency key.

CREATE TABLE idempotency_keys (
    caller_id   BLOB    NOT NULL,
    operation   TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB   NOT NULL,
    status      TEXT    NOT NULL,
    answer      TEXT    NOT NULL,
    created_at  INTEGER  NOT NULL,
    PRIMARY KEY (caller_id, operation, key)
) STRICT;

CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- V13__write_probe
-- One row, written anew to find out whether the storage takes writes.

CREATE TABLE write_probe (
    id      INTEGER NOT NULL PRIMARY KEY,
    written INTEGER NOT NULL,
    padding TEXT NOT NULL
) STRICT;

INSERT INTO write_probe (id, written, padding) VALUES (1, 0, '');

-- V14__devices
-- The devices that have signed in to an account, so that a sign-in from another one is noticed.

CREATE TABLE devices (
    id            BLOB   NOT NULL PRIMARY KEY,
    user_id       BLOB   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What the cookie of a browser names; a program, which has none, is recognised by its fingerprint.
    browser       BLOB   NOT NULL,
    fingerprint   BLOB  NOT NULL,
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX devices_browser_key ON devices (user_id, browser);
CREATE INDEX devices_fingerprint ON devices (user_id, fingerprint);
CREATE INDEX devices_last_seen ON devices (last_seen_at);

-- V15__tries
-- Tries at what can be guessed, by a digest of what they are counted for; and codes that are sent by mail.

-- sqlite: WITHOUT ROWID
CREATE TABLE tries (
    digest       BLOB   NOT NULL PRIMARY KEY,
    taken        INTEGER  NOT NULL,
    last_at      INTEGER  NOT NULL,
    forgotten_at INTEGER  NOT NULL,
    reported     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tries_forgotten ON tries (forgotten_at);

-- Codes sent by mail, sealed under the master key: six digits have no digest that hides them.

-- sqlite: WITHOUT ROWID
CREATE TABLE email_codes (
    user_id    BLOB   NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed     BLOB  NOT NULL,
    tries_left INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX email_codes_expiring ON email_codes (expires_at);

-- The same, for the user of a session who proves again who they are.

-- sqlite: WITHOUT ROWID
CREATE TABLE step_up_codes (
    session_id BLOB   NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    sealed     BLOB  NOT NULL,
    tries_left INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX step_up_codes_expiring ON step_up_codes (expires_at);

-- V16__factors
-- Second factors. Both tables go with their account.

CREATE TABLE totp_factors (
    user_id      BLOB   NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- The secret of the authenticator app, sealed with the master key.
    sealed       BLOB  NOT NULL,
    -- When a code proved that the app has the secret; before that, it is no factor.
    confirmed_at INTEGER,
    -- The last time step of which a code was accepted: none of it or of an earlier one is accepted again.
    last_step    INTEGER NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;

-- sqlite: WITHOUT ROWID
CREATE TABLE recovery_codes (
    user_id    BLOB   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the code.
    digest     BLOB  NOT NULL,
    used_at    INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, digest)
) STRICT, WITHOUT ROWID;

-- V17__passkeys
-- Passkeys (WebAuthn), several for an account. They go with it.

CREATE TABLE passkeys (
    id              BLOB    NOT NULL PRIMARY KEY,
    user_id         BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    -- The id that the authenticator chose, in base64url.
    credential_id   TEXT    NOT NULL,
    -- The public key and what its registration said, as JSON. None of it is secret.
    credential      TEXT    NOT NULL,
    -- The signature counter of its last use; 0 for authenticators that do not count.
    counter         INTEGER  NOT NULL,
    backup_eligible INTEGER NOT NULL,
    backed_up       INTEGER NOT NULL,
    created_at      INTEGER  NOT NULL,
    last_used_at    INTEGER
) STRICT;

CREATE UNIQUE INDEX passkeys_credential_id_key ON passkeys (credential_id);
CREATE INDEX passkeys_user ON passkeys (user_id, id);

-- V18__api_keys
-- Credentials of programs that act for an account.

CREATE TABLE api_keys (
    id            BLOB    NOT NULL PRIMARY KEY,
    user_id       BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name          TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    -- The SHA-256 of the key.
    digest        BLOB   NOT NULL,
    -- Lists of names of permissions and of networks in CIDR notation, as JSON.
    scopes        TEXT    NOT NULL,
    networks      TEXT    NOT NULL,
    created_at    INTEGER  NOT NULL,
    expires_at    INTEGER,
    last_used_at  INTEGER,
    revoked_at    INTEGER,
    revoke_change INTEGER
) STRICT;

CREATE UNIQUE INDEX api_keys_digest_key ON api_keys (digest);
CREATE INDEX api_keys_user ON api_keys (user_id, id);
CREATE INDEX api_keys_expiring ON api_keys (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX api_keys_revoked ON api_keys (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX api_keys_revoke_change ON api_keys (revoke_change) WHERE revoke_change IS NOT NULL;

-- V19__identities
-- Accounts at identity providers, by which accounts here sign in.

CREATE TABLE identities (
    id           BLOB   NOT NULL PRIMARY KEY,
    user_id      BLOB   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider     TEXT   NOT NULL,
    issuer       TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    email        TEXT,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX identities_provider_issuer_subject_key ON identities (provider, issuer, subject);
CREATE INDEX identities_user ON identities (user_id);

-- The refresh tokens of providers, sealed; only where the settings ask for offline access.
CREATE TABLE identity_tokens (
    identity_id   BLOB   NOT NULL PRIMARY KEY REFERENCES identities (id) ON DELETE CASCADE,
    refresh_token BLOB  NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

-- V20__data_exports
-- Exports of everything that is stored about an account. All tables go with their account.

CREATE TABLE data_exports (
    id          BLOB   NOT NULL PRIMARY KEY,
    user_id     BLOB   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status      TEXT   NOT NULL,
    size        INTEGER,
    -- The build whose chunks are the archive.
    build_id    BLOB,
    created_at  INTEGER NOT NULL,
    finished_at INTEGER,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX data_exports_user ON data_exports (user_id, id);
CREATE UNIQUE INDEX data_exports_user_id_key ON data_exports (user_id) WHERE status = 'running';
CREATE INDEX data_exports_expiring ON data_exports (expires_at);

-- The attempts to make an archive: each writes chunks of its own, so that a worker that was thought dead spoils nothing.
CREATE TABLE data_export_builds (
    id        BLOB   NOT NULL PRIMARY KEY,
    export_id BLOB   NOT NULL REFERENCES data_exports (id) ON DELETE CASCADE,
    -- In thousandths.
    progress  INTEGER NOT NULL
) STRICT;

CREATE INDEX data_export_builds_export ON data_export_builds (export_id);

CREATE TABLE data_export_chunks (
    build_id BLOB   NOT NULL REFERENCES data_export_builds (id) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    content  BLOB  NOT NULL,
    PRIMARY KEY (build_id, number)
) STRICT;

-- What an export reads of an account, page by page.
CREATE INDEX payments_user ON payments (user_id, id);
CREATE INDEX security_events_user ON security_events (user_id, id) WHERE user_id IS NOT NULL;

-- V21__webhooks
-- Endpoints that are informed of events, and the deliveries to them.

CREATE TABLE webhook_endpoints (
    id            BLOB   NOT NULL PRIMARY KEY,
    user_id       BLOB   NOT NULL,
    url           TEXT   NOT NULL,
    description   TEXT   NOT NULL,
    -- A list of patterns, as JSON.
    kinds         TEXT   NOT NULL,
    status        TEXT   NOT NULL,
    failing_since INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

-- Sealed under the master key: each delivery is signed with them.

-- sqlite: WITHOUT ROWID
CREATE TABLE webhook_secrets (
    endpoint_id  BLOB   NOT NULL PRIMARY KEY REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    secret       BLOB  NOT NULL,
    -- Signs beside the new one until then.
    former       BLOB,
    former_until INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_deliveries (
    id              BLOB   NOT NULL PRIMARY KEY,
    endpoint_id     BLOB   NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    event_id        BLOB   NOT NULL,
    kind            TEXT   NOT NULL,
    status          TEXT   NOT NULL,
    attempts        INTEGER NOT NULL,
    next_at         INTEGER,
    response_status INTEGER,
    response        TEXT,
    error           TEXT,
    duration_ms     INTEGER,
    body            TEXT   NOT NULL,
    created_at      INTEGER NOT NULL,
    finished_at     INTEGER
) STRICT;

CREATE UNIQUE INDEX webhook_deliveries_event ON webhook_deliveries (endpoint_id, event_id);
CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL;
