-- Credentials of programs that act for an account.

CREATE TABLE api_keys (
    id            UUID    NOT NULL PRIMARY KEY,
    user_id       UUID    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name          TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    -- The SHA-256 of the key.
    digest        BYTEA   NOT NULL,
    -- Lists of names of permissions and of networks in CIDR notation, as JSON.
    scopes        TEXT    NOT NULL,
    networks      TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    expires_at    BIGINT,
    last_used_at  BIGINT,
    revoked_at    BIGINT,
    revoke_change BIGINT
);

CREATE UNIQUE INDEX api_keys_digest_key ON api_keys (digest);
CREATE INDEX api_keys_user ON api_keys (user_id, id);
CREATE INDEX api_keys_expiring ON api_keys (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX api_keys_revoked ON api_keys (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX api_keys_revoke_change ON api_keys (revoke_change) WHERE revoke_change IS NOT NULL;
