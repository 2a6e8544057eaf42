-- Accounts at identity providers, by which accounts here sign in.

CREATE TABLE identities (
    id           UUID   NOT NULL PRIMARY KEY,
    user_id      UUID   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider     TEXT   NOT NULL,
    issuer       TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    email        TEXT,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX identities_provider_issuer_subject_key ON identities (provider, issuer, subject);
CREATE INDEX identities_user ON identities (user_id);

-- The refresh tokens of providers, sealed; only where the settings ask for offline access.
CREATE TABLE identity_tokens (
    identity_id   UUID   NOT NULL PRIMARY KEY REFERENCES identities (id) ON DELETE CASCADE,
    refresh_token BYTEA  NOT NULL,
    updated_at    BIGINT NOT NULL
);
