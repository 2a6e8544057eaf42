-- Endpoints that are informed of events, and the deliveries to them.

CREATE TABLE webhook_endpoints (
    id            UUID   NOT NULL PRIMARY KEY,
    user_id       UUID   NOT NULL,
    url           TEXT   NOT NULL,
    description   TEXT   NOT NULL,
    -- A list of patterns, as JSON.
    kinds         TEXT   NOT NULL,
    status        TEXT   NOT NULL,
    failing_since BIGINT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);

-- Sealed under the master key: each delivery is signed with them.

-- sqlite: WITHOUT ROWID
CREATE TABLE webhook_secrets (
    endpoint_id  UUID   NOT NULL PRIMARY KEY REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    secret       BYTEA  NOT NULL,
    -- Signs beside the new one until then.
    former       BYTEA,
    former_until BIGINT
);

CREATE TABLE webhook_deliveries (
    id              UUID   NOT NULL PRIMARY KEY,
    endpoint_id     UUID   NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    event_id        UUID   NOT NULL,
    kind            TEXT   NOT NULL,
    status          TEXT   NOT NULL,
    attempts        BIGINT NOT NULL,
    next_at         BIGINT,
    response_status BIGINT,
    response        TEXT,
    error           TEXT,
    duration_ms     BIGINT,
    body            TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    finished_at     BIGINT
);

CREATE UNIQUE INDEX webhook_deliveries_event ON webhook_deliveries (endpoint_id, event_id);
CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL;
