-- Domain events that the relay has yet to deliver, and those it delivered a short time ago. The relay numbers them as it
-- delivers them: channels replay what a client missed by these positions.

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
    relayed_at  BIGINT,
    position    BIGINT
);

CREATE INDEX outbox_waiting ON outbox (id) WHERE relayed_at IS NULL;
CREATE INDEX outbox_relayed ON outbox (relayed_at) WHERE relayed_at IS NOT NULL;
CREATE UNIQUE INDEX outbox_position ON outbox (position) WHERE position IS NOT NULL;
CREATE INDEX outbox_of_resource ON outbox (resource_id, position) WHERE position IS NOT NULL;
CREATE INDEX outbox_of_owner ON outbox (owner_id, position) WHERE position IS NOT NULL;

-- The position of the last relayed event, and of the last one whose retention period is over; at most one row.
CREATE TABLE outbox_positions (
    id     BIGINT NOT NULL PRIMARY KEY,
    epoch  UUID   NOT NULL,
    last   BIGINT NOT NULL,
    pruned BIGINT NOT NULL
);
