-- Second factors. Both tables go with their account.

CREATE TABLE totp_factors (
    user_id      UUID   NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- The secret of the authenticator app, sealed with the master key.
    sealed       BYTEA  NOT NULL,
    -- When a code proved that the app has the secret; before that, it is no factor.
    confirmed_at BIGINT,
    -- The last time step of which a code was accepted: none of it or of an earlier one is accepted again.
    last_step    BIGINT NOT NULL,
    created_at   BIGINT NOT NULL
);

-- sqlite: WITHOUT ROWID
CREATE TABLE recovery_codes (
    user_id    UUID   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the code.
    digest     BYTEA  NOT NULL,
    used_at    BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, digest)
);
