-- What a client was answered for an idempotency key.

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
