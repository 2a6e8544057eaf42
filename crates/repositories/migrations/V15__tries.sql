-- Tries at what can be guessed, by a digest of what they are counted for.

-- sqlite: WITHOUT ROWID
CREATE TABLE tries (
    digest       BYTEA   NOT NULL PRIMARY KEY,
    taken        BIGINT  NOT NULL,
    last_at      BIGINT  NOT NULL,
    forgotten_at BIGINT  NOT NULL,
    reported     BOOLEAN NOT NULL
);

CREATE INDEX tries_forgotten ON tries (forgotten_at);
