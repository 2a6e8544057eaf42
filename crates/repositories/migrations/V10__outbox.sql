-- Domain events that the relay has yet to deliver, and those it delivered a short time ago.

CREATE TABLE outbox (
    id          UUID    NOT NULL PRIMARY KEY,
    at          BIGINT  NOT NULL,
    kind        TEXT    NOT NULL,
    resource    TEXT    NOT NULL,
    resource_id TEXT    NOT NULL,
    owner_id    UUID,
    user_id     UUID,
    request_id  TEXT,
    payload     TEXT    NOT NULL,
    relayed_at  BIGINT
);

CREATE INDEX outbox_waiting ON outbox (id) WHERE relayed_at IS NULL;
CREATE INDEX outbox_relayed ON outbox (relayed_at) WHERE relayed_at IS NOT NULL;
