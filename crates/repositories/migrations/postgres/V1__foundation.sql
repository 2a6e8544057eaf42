-- Ids are UUIDs, instants BIGINT microseconds since 1970 UTC, money BIGINT minor units, JSON TEXT, or JSONB where
-- the database looks inside. The SQLite twin of this file has the same tables, columns, constraints and indexes;
-- a test compares the two. What is sorted or compared by order is COLLATE "C": bytes, as SQLite does it.

-- Roles and what they may do. The administrator's role lists nothing: it has every permission.

CREATE TABLE roles (
    name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    built_in   BOOLEAN NOT NULL,
    changed_at BIGINT  NOT NULL
);

CREATE TABLE role_permissions (
    role       TEXT COLLATE "C" NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    permission TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (role, permission)
);

INSERT INTO roles (name, built_in, changed_at) VALUES
    ('admin', TRUE, 0), ('manager', TRUE, 0), ('support', TRUE, 0), ('customer', TRUE, 0);

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
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

INSERT INTO counters (name, value) VALUES ('access_changes', 0);

-- One row, written anew to find out whether the storage takes writes.

CREATE TABLE write_probe (
    id      BIGINT NOT NULL PRIMARY KEY,
    written BIGINT NOT NULL,
    padding TEXT NOT NULL
);

INSERT INTO write_probe (id, written, padding) VALUES (1, 0, '');

-- Accounts, and what belongs to nobody else.

CREATE TABLE users (
    id                UUID    NOT NULL PRIMARY KEY,
    email             TEXT COLLATE "C" NOT NULL,
    name              TEXT COLLATE "C" NOT NULL,
    role              TEXT COLLATE "C" NOT NULL REFERENCES roles (name),
    status            TEXT    NOT NULL,
    email_verified    BOOLEAN NOT NULL,
    mfa_enabled       BOOLEAN NOT NULL,
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,
    version           BIGINT  NOT NULL,
    access_changed_at BIGINT  NOT NULL,
    access_change     BIGINT  NOT NULL,
    -- The address and the name, folded, as they are searched.
    search_text       TEXT    NOT NULL
);

CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE INDEX users_created ON users (created_at, id);
CREATE INDEX users_named ON users (lower(name), id);
CREATE INDEX users_role ON users (role, status);
CREATE INDEX users_access_changed ON users (access_changed_at);
CREATE INDEX users_access_change ON users (access_change);

CREATE TABLE user_permissions (
    user_id    UUID    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    permission TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT,
    granted_by UUID,
    created_at BIGINT  NOT NULL,
    PRIMARY KEY (user_id, permission)
);

CREATE TABLE credentials (
    user_id       UUID    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    password_hash TEXT    NOT NULL,
    changed_at    BIGINT  NOT NULL
);

CREATE TABLE sessions (
    id           UUID    NOT NULL PRIMARY KEY,
    user_id      UUID    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    generation   BIGINT  NOT NULL,
    seed         BYTEA   NOT NULL,
    ip           TEXT,
    user_agent   TEXT,
    created_at   BIGINT  NOT NULL,
    last_seen_at BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL,
    ended_at     BIGINT,
    end_change   BIGINT
);

CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiring ON sessions (expires_at);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_end_change ON sessions (end_change) WHERE end_change IS NOT NULL;

CREATE TABLE one_time_tokens (
    digest     BYTEA   NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    user_id    UUID    REFERENCES users (id) ON DELETE CASCADE,
    expires_at BIGINT  NOT NULL,
    used_at    BIGINT,
    created_at BIGINT  NOT NULL
);

CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id);
CREATE INDEX one_time_tokens_expiring ON one_time_tokens (expires_at);

CREATE TABLE signing_keys (
    id         UUID    NOT NULL PRIMARY KEY,
    kid        TEXT    NOT NULL,
    algorithm  TEXT    NOT NULL,
    sealed     BYTEA   NOT NULL,
    public_key BYTEA   NOT NULL,
    created_at BIGINT  NOT NULL,
    retires_at BIGINT
);

CREATE UNIQUE INDEX signing_keys_kid_key ON signing_keys (kid);

-- A known value, sealed by the first start: whoever cannot open it has another master key.
CREATE TABLE master_key_check (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sealed     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL
);

-- Products. Lists are sorted by an index within what they are filtered by.

CREATE TABLE products (
    id             UUID    NOT NULL PRIMARY KEY,
    sku            TEXT COLLATE "C" NOT NULL,
    name           TEXT COLLATE "C" NOT NULL,
    description    TEXT    NOT NULL,
    price_amount   BIGINT  NOT NULL CHECK (price_amount >= 0),
    price_currency TEXT    NOT NULL,
    stock          BIGINT  NOT NULL CHECK (stock >= 0),
    category       TEXT,
    attributes     JSONB   NOT NULL,
    status         TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL,
    version        BIGINT  NOT NULL,
    -- The words it is found by, in small letters, with a space between each.
    search_text    TEXT    NOT NULL
);

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

-- `SELECT id FROM products_search($1)` works on both engines: a function here, a table-valued function there.
-- The words come as `cof* bea*`, which is how SQLite's index is asked. No parser and no dictionary: what they take for
-- a letter depends on the locale of the database.
ALTER TABLE products ADD COLUMN search TSVECTOR NOT NULL GENERATED ALWAYS AS (
    array_to_tsvector(string_to_array(search_text, ' '))
) STORED;

CREATE INDEX products_search ON products USING gin (search);

CREATE FUNCTION products_search(words TEXT) RETURNS TABLE (id UUID) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.id FROM products p
    WHERE p.search @@ CAST(replace(replace(words, '*', ':*'), ' ', ' & ') AS tsquery)
$$;

-- Orders and payments. They outlive the account: the law keeps them.

CREATE TABLE orders (
    id              UUID    NOT NULL PRIMARY KEY,
    number          TEXT    NOT NULL,
    user_id         UUID    NOT NULL,
    status          TEXT    NOT NULL,
    total_amount    BIGINT  NOT NULL CHECK (total_amount >= 0),
    currency        TEXT    NOT NULL,
    refunded_amount BIGINT  NOT NULL CHECK (refunded_amount BETWEEN 0 AND total_amount),
    reserved_until  BIGINT  NOT NULL,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    version         BIGINT  NOT NULL
);

CREATE UNIQUE INDEX orders_number_key ON orders (number);
CREATE INDEX orders_user_created ON orders (user_id, created_at, id);
CREATE INDEX orders_created ON orders (created_at, id);
CREATE INDEX orders_status_created ON orders (status, created_at, id);
-- With the status, or the index of a list by status would look as good.
CREATE INDEX orders_held ON orders (status, reserved_until) WHERE status = 'pending';

CREATE TABLE order_items (
    order_id     UUID    NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    line         BIGINT  NOT NULL,
    product_id   UUID    NOT NULL REFERENCES products (id),
    sku          TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    quantity     BIGINT  NOT NULL CHECK (quantity > 0),
    unit_amount  BIGINT  NOT NULL,
    total_amount BIGINT  NOT NULL,
    PRIMARY KEY (order_id, line)
);

CREATE INDEX order_items_product ON order_items (product_id);

CREATE TABLE payments (
    id         UUID    NOT NULL PRIMARY KEY,
    order_id   UUID    NOT NULL REFERENCES orders (id),
    user_id    UUID    NOT NULL,
    status     TEXT    NOT NULL,
    amount     BIGINT  NOT NULL CHECK (amount >= 0),
    currency   TEXT    NOT NULL,
    reference  TEXT,
    failure    TEXT,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
);

-- One charge per order, whatever happens at once.
CREATE UNIQUE INDEX payments_order_id_key ON payments (order_id) WHERE status IN ('pending', 'succeeded');
CREATE INDEX payments_order ON payments (order_id, created_at);

-- The audit trail: written once, linked once, never changed.

CREATE TABLE audit_entries (
    id          UUID    NOT NULL PRIMARY KEY,
    at          BIGINT  NOT NULL,
    user_id     UUID,
    actor       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    resource    TEXT    NOT NULL,
    resource_id TEXT    NOT NULL,
    before_json TEXT,
    after_json  TEXT,
    ip          TEXT,
    user_agent  TEXT,
    request_id  TEXT,
    writer      UUID    NOT NULL,
    number      BIGINT  NOT NULL,
    mac         BYTEA   NOT NULL,
    seq         BIGINT,
    hash        BYTEA
);

CREATE UNIQUE INDEX audit_entries_seq_key ON audit_entries (seq) WHERE seq IS NOT NULL;
CREATE INDEX audit_entries_unlinked ON audit_entries (writer, number, id) WHERE seq IS NULL;
CREATE INDEX audit_entries_resource ON audit_entries (resource_id, id);
CREATE INDEX audit_entries_user ON audit_entries (user_id, id);

CREATE FUNCTION audit_entries_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'an audit entry is never deleted';
    END IF;
    IF OLD.seq IS NOT NULL OR NEW.seq IS NULL OR NEW.hash IS NULL
        OR (NEW.id, NEW.at, NEW.user_id, NEW.actor, NEW.action, NEW.resource, NEW.resource_id,
            NEW.before_json, NEW.after_json, NEW.ip, NEW.user_agent, NEW.request_id, NEW.writer, NEW.number, NEW.mac)
        IS DISTINCT FROM
           (OLD.id, OLD.at, OLD.user_id, OLD.actor, OLD.action, OLD.resource, OLD.resource_id,
            OLD.before_json, OLD.after_json, OLD.ip, OLD.user_agent, OLD.request_id, OLD.writer, OLD.number, OLD.mac)
    THEN
        RAISE EXCEPTION 'an audit entry is never changed';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION audit_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an audit entry is never written with a place in the chain';
END
$$;

CREATE TRIGGER audit_entries_no_place BEFORE INSERT ON audit_entries
    FOR EACH ROW WHEN (NEW.seq IS NOT NULL OR NEW.hash IS NOT NULL) EXECUTE FUNCTION audit_entries_refuse();
CREATE TRIGGER audit_entries_no_change BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION audit_entries_keep();
CREATE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_keep();

-- The end of the chain. There is always one row, so that two sealers can only race for it.
CREATE TABLE audit_head (
    id   BIGINT  NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  BIGINT  NOT NULL,
    hash BYTEA   NOT NULL,
    -- How far the entries of each open writer are linked: 16 bytes of its id and 8 of the number, in the order of ids.
    writers BYTEA NOT NULL,
    seal BYTEA   NOT NULL,
    at   BIGINT  NOT NULL
);

INSERT INTO audit_head (id, seq, hash, writers, seal, at) VALUES (1, 0, '', '', '', 0);

-- How many entries each writer has written, so that the removal of its newest ones is noticed before they are linked.
CREATE TABLE audit_writers (
    id     UUID   NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    mac    BYTEA  NOT NULL
);

-- Up to which place an administrator accepted a trail that was at fault, and what the entries up to there were like.
CREATE TABLE audit_acceptances (
    seq    BIGINT NOT NULL PRIMARY KEY,
    hash   BYTEA  NOT NULL,
    at     BIGINT NOT NULL,
    reason TEXT   NOT NULL,
    faults TEXT   NOT NULL,
    mac    BYTEA  NOT NULL
);

CREATE TABLE security_events (
    id          UUID    NOT NULL PRIMARY KEY,
    digest      BYTEA   NOT NULL,
    period      BIGINT  NOT NULL,
    kind        TEXT    NOT NULL,
    user_id     UUID,
    ip          TEXT,
    user_agent  TEXT,
    operation   TEXT    NOT NULL,
    resource    TEXT,
    resource_id TEXT,
    count       BIGINT  NOT NULL,
    first_at    BIGINT  NOT NULL,
    last_at     BIGINT  NOT NULL
);

CREATE UNIQUE INDEX security_events_digest_period_key ON security_events (digest, period);
CREATE INDEX security_events_last ON security_events (last_at, id);

-- What happens later.

CREATE TABLE outbox (
    id          UUID    NOT NULL PRIMARY KEY,
    at          BIGINT  NOT NULL,
    kind        TEXT    NOT NULL,
    resource    TEXT    NOT NULL,
    resource_id TEXT    NOT NULL,
    owner_id    UUID,
    user_id     UUID,
    request_id  TEXT,
    payload     TEXT    NOT NULL,
    relayed_at  BIGINT
);

CREATE INDEX outbox_waiting ON outbox (id) WHERE relayed_at IS NULL;
CREATE INDEX outbox_relayed ON outbox (relayed_at) WHERE relayed_at IS NOT NULL;

CREATE TABLE jobs (
    id           UUID    NOT NULL PRIMARY KEY,
    kind         TEXT    NOT NULL,
    queue        TEXT    NOT NULL,
    payload      TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    -- True while it may be claimed. Kept beside run_at so that the most urgent of the due jobs is found by an
    -- index, however many others wait for their time.
    due          BOOLEAN NOT NULL,
    priority     BIGINT  NOT NULL DEFAULT 0,
    attempts     BIGINT  NOT NULL DEFAULT 0,
    max_attempts BIGINT  NOT NULL,
    run_at       BIGINT  NOT NULL,
    lease_until  BIGINT,
    fence        BIGINT  NOT NULL DEFAULT 0,
    unique_key   TEXT,
    progress     BIGINT  NOT NULL DEFAULT 0,
    last_error   TEXT,
    request_id   TEXT,
    created_at   BIGINT  NOT NULL,
    finished_at  BIGINT
);

CREATE UNIQUE INDEX jobs_unique_key_key ON jobs (unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('queued', 'running', 'retrying');
CREATE INDEX jobs_due ON jobs (priority DESC, run_at, id) WHERE due;
CREATE INDEX jobs_due_queue ON jobs (queue, priority DESC, run_at, id) WHERE due;
-- A job that is not due, not leased and not finished waits for its time. Said without the state, whose own index
-- would look like a shorter way.
CREATE INDEX jobs_later ON jobs (run_at) WHERE NOT due AND lease_until IS NULL AND finished_at IS NULL;
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX jobs_state ON jobs (state, finished_at);

CREATE TABLE idempotency_keys (
    caller_id   UUID    NOT NULL,
    operation   TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BYTEA   NOT NULL,
    status      TEXT    NOT NULL,
    answer      TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (caller_id, operation, key)
);

CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
