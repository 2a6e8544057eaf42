-- Sign-ins that last, and the tokens that mails carry.

CREATE TABLE sessions (
    id            UUID    NOT NULL PRIMARY KEY,
    user_id       UUID    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method        TEXT    NOT NULL,
    stepped_up_at BIGINT,
    generation    BIGINT  NOT NULL,
    seed          BYTEA   NOT NULL,
    ip            TEXT,
    user_agent    TEXT,
    created_at    BIGINT  NOT NULL,
    last_seen_at  BIGINT  NOT NULL,
    expires_at    BIGINT  NOT NULL,
    flagged_at    BIGINT,
    ended_at      BIGINT,
    end_change    BIGINT
);

CREATE INDEX sessions_user ON sessions (user_id, id);
CREATE INDEX sessions_expiring ON sessions (expires_at);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_end_change ON sessions (end_change) WHERE end_change IS NOT NULL;

CREATE TABLE one_time_tokens (
    digest     BYTEA   NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    user_id    UUID    REFERENCES users (id) ON DELETE CASCADE,
    -- What the token stands for besides its account: JSON, in the form of its purpose.
    payload    TEXT,
    -- The digest of the secret that the browser which asked for the token keeps in a cookie.
    browser    BYTEA,
    expires_at BIGINT  NOT NULL,
    used_at    BIGINT,
    created_at BIGINT  NOT NULL
);

CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id);
CREATE INDEX one_time_tokens_expiring ON one_time_tokens (expires_at);
