-- Orders outlive the account: the law keeps them.

CREATE TABLE orders (
    id              UUID    NOT NULL PRIMARY KEY,
    number          TEXT    NOT NULL,
    user_id         UUID    NOT NULL,
    status          TEXT    NOT NULL,
    total_amount    BIGINT  NOT NULL CHECK (total_amount >= 0),
    currency        TEXT    NOT NULL,
    refunded_amount BIGINT  NOT NULL CHECK (refunded_amount BETWEEN 0 AND total_amount),
    reserved_until  BIGINT  NOT NULL,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    version         BIGINT  NOT NULL
);

CREATE UNIQUE INDEX orders_number_key ON orders (number);
CREATE INDEX orders_user_created ON orders (user_id, created_at, id);
CREATE INDEX orders_created ON orders (created_at, id);
CREATE INDEX orders_status_created ON orders (status, created_at, id);
-- With the status, or the index of a list by status would look as good.
CREATE INDEX orders_held ON orders (status, reserved_until) WHERE status = 'pending';

-- sqlite: WITHOUT ROWID
CREATE TABLE order_items (
    order_id     UUID    NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    line         BIGINT  NOT NULL,
    product_id   UUID    NOT NULL REFERENCES products (id),
    sku          TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    quantity     BIGINT  NOT NULL CHECK (quantity > 0),
    unit_amount  BIGINT  NOT NULL,
    total_amount BIGINT  NOT NULL,
    PRIMARY KEY (order_id, line)
);

CREATE INDEX order_items_product ON order_items (product_id);
