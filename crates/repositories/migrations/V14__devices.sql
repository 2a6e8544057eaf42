-- The devices that have signed in to an account, so that a sign-in from another one is noticed.

CREATE TABLE devices (
    id            UUID   NOT NULL PRIMARY KEY,
    user_id       UUID   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What the cookie of a browser names; a program, which has none, is recognised by its fingerprint.
    browser       UUID   NOT NULL,
    fingerprint   BYTEA  NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at  BIGINT NOT NULL
);

CREATE UNIQUE INDEX devices_browser_key ON devices (user_id, browser);
CREATE INDEX devices_fingerprint ON devices (user_id, fingerprint);
CREATE INDEX devices_last_seen ON devices (last_seen_at);
