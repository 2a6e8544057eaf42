-- Payments outlive the account: the law keeps them.

CREATE TABLE payments (
    id         UUID    NOT NULL PRIMARY KEY,
    order_id   UUID    NOT NULL REFERENCES orders (id),
    user_id    UUID    NOT NULL,
    status     TEXT    NOT NULL,
    amount     BIGINT  NOT NULL CHECK (amount >= 0),
    currency   TEXT    NOT NULL,
    reference  TEXT,
    failure    TEXT,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
);

-- One charge per order, whatever happens at once.
CREATE UNIQUE INDEX payments_order_id_key ON payments (order_id) WHERE status IN ('pending', 'succeeded');
CREATE INDEX payments_order ON payments (order_id, created_at);
