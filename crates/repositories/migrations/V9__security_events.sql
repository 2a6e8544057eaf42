-- Refused attempts, counted per minute.

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
