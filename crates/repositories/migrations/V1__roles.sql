-- Each file is one migration for both engines: PostgreSQL's DDL, of which SQLite's is derived (src/migrate/derive.rs).
-- What only one engine has stands beside it, in a file that ends in .postgres.sql or .sqlite.sql, and is applied after it.
-- Ids are UUID, instants BIGINT microseconds since 1970 UTC, money BIGINT minor units, JSON TEXT, or JSONB where
-- the database looks inside. What is sorted or compared by order is COLLATE "C": bytes, as SQLite does it.

-- Roles and what they may do; administrators change them. The role admin lists nothing: it has every permission.

CREATE TABLE roles (
    name         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    built_in     BOOLEAN NOT NULL,
    -- Whether its members need a second factor: without one, they may do nothing but set one up.
    mfa_required BOOLEAN NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    version      BIGINT  NOT NULL
);

-- sqlite: WITHOUT ROWID
CREATE TABLE role_permissions (
    role       TEXT COLLATE "C" NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    permission TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (role, permission)
);

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
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

INSERT INTO counters (name, value) VALUES ('access_changes', 0);
