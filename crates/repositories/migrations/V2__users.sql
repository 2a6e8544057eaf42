-- Accounts, what they may do beyond their role, and their passwords.

CREATE TABLE users (
    id                UUID    NOT NULL PRIMARY KEY,
    email             TEXT COLLATE "C" NOT NULL,
    name              TEXT COLLATE "C" NOT NULL,
    role              TEXT COLLATE "C" NOT NULL REFERENCES roles (name),
    status            TEXT    NOT NULL,
    email_verified    BOOLEAN NOT NULL,
    -- The language of the mails to the user, by its tag (RFC 5646).
    locale            TEXT    NOT NULL,
    mfa_enabled       BOOLEAN NOT NULL,
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,
    version           BIGINT  NOT NULL,
    access_changed_at BIGINT  NOT NULL,
    access_change     BIGINT  NOT NULL,
    -- The address and the name, folded, as they are searched.
    search_text       TEXT    NOT NULL,
    -- When the account is deleted, because its owner requested it; until then it can be restored.
    deletion_at       BIGINT,
    -- When the account was deleted. The row names no person any more; it stays until every node knows of the deletion.
    deleted_at        BIGINT
);

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
