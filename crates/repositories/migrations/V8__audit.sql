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

INSERT INTO audit_head (id, seq, hash, writers, seal, at) VALUES (1, 0, '\x', '\x', '\x', 0);

-- How many entries each writer has written, so that the removal of its newest ones is noticed before they are linked.
-- sqlite: WITHOUT ROWID
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
