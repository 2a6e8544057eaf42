-- Tries at what can be guessed, by a digest of what they are counted for; and codes that are sent by mail.

-- sqlite: WITHOUT ROWID
CREATE TABLE tries (
    digest       BYTEA   NOT NULL PRIMARY KEY,
    taken        BIGINT  NOT NULL,
    last_at      BIGINT  NOT NULL,
    forgotten_at BIGINT  NOT NULL,
    reported     BOOLEAN NOT NULL
);

CREATE INDEX tries_forgotten ON tries (forgotten_at);

-- Codes sent by mail, sealed under the master key: six digits have no digest that hides them.

-- sqlite: WITHOUT ROWID
CREATE TABLE email_codes (
    user_id    UUID   NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed     BYTEA  NOT NULL,
    tries_left BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX email_codes_expiring ON email_codes (expires_at);

-- The same, for the user of a session who proves again who they are.

-- sqlite: WITHOUT ROWID
CREATE TABLE step_up_codes (
    session_id UUID   NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    sealed     BYTEA  NOT NULL,
    tries_left BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX step_up_codes_expiring ON step_up_codes (expires_at);
