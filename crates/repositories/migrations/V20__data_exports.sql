-- Exports of everything that is stored about an account. All tables go with their account.

CREATE TABLE data_exports (
    id          UUID   NOT NULL PRIMARY KEY,
    user_id     UUID   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status      TEXT   NOT NULL,
    size        BIGINT,
    -- The build whose chunks are the archive.
    build_id    UUID,
    created_at  BIGINT NOT NULL,
    finished_at BIGINT,
    expires_at  BIGINT NOT NULL
);

CREATE INDEX data_exports_user ON data_exports (user_id, id);
CREATE UNIQUE INDEX data_exports_user_id_key ON data_exports (user_id) WHERE status = 'running';
CREATE INDEX data_exports_expiring ON data_exports (expires_at);

-- The attempts to make an archive: each writes chunks of its own, so that a worker that was thought dead spoils nothing.
CREATE TABLE data_export_builds (
    id        UUID   NOT NULL PRIMARY KEY,
    export_id UUID   NOT NULL REFERENCES data_exports (id) ON DELETE CASCADE,
    -- In thousandths.
    progress  BIGINT NOT NULL
);

CREATE INDEX data_export_builds_export ON data_export_builds (export_id);

CREATE TABLE data_export_chunks (
    build_id UUID   NOT NULL REFERENCES data_export_builds (id) ON DELETE CASCADE,
    number   BIGINT NOT NULL,
    content  BYTEA  NOT NULL,
    PRIMARY KEY (build_id, number)
);

-- What an export reads of an account, page by page.
CREATE INDEX payments_user ON payments (user_id, id);
CREATE INDEX security_events_user ON security_events (user_id, id) WHERE user_id IS NOT NULL;
