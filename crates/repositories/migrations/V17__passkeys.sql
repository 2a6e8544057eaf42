-- Passkeys (WebAuthn), several for an account. They go with it.

CREATE TABLE passkeys (
    id              UUID    NOT NULL PRIMARY KEY,
    user_id         UUID    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    -- The id that the authenticator chose, in base64url.
    credential_id   TEXT    NOT NULL,
    -- The public key and what its registration said, as JSON. None of it is secret.
    credential      TEXT    NOT NULL,
    -- The signature counter of its last use; 0 for authenticators that do not count.
    counter         BIGINT  NOT NULL,
    backup_eligible BOOLEAN NOT NULL,
    backed_up       BOOLEAN NOT NULL,
    created_at      BIGINT  NOT NULL,
    last_used_at    BIGINT
);

CREATE UNIQUE INDEX passkeys_credential_id_key ON passkeys (credential_id);
CREATE INDEX passkeys_user ON passkeys (user_id, id);
