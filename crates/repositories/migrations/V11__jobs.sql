-- Work for later.

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
