-- The keys that sign access tokens, sealed with the master key.

CREATE TABLE signing_keys (
    id         UUID    NOT NULL PRIMARY KEY,
    kid        TEXT    NOT NULL,
    algorithm  TEXT    NOT NULL,
    sealed     BYTEA   NOT NULL,
    public_key BYTEA   NOT NULL,
    created_at BIGINT  NOT NULL,
    signs_from BIGINT  NOT NULL,
    retires_at BIGINT
);

CREATE UNIQUE INDEX signing_keys_kid_key ON signing_keys (kid);

-- A known value, sealed by the first start: a program that cannot open it has another master key.
CREATE TABLE master_key_check (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sealed     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL
);
