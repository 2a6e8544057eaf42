-- Products. Lists are sorted by an index within what they are filtered by.

-- The full-text index of SQLite points to the rowid; VACUUM renumbers one that has no name.
-- sqlite: ROWID search_row
CREATE TABLE products (
    id             UUID    NOT NULL PRIMARY KEY,
    sku            TEXT COLLATE "C" NOT NULL,
    name           TEXT COLLATE "C" NOT NULL,
    description    TEXT    NOT NULL,
    price_amount   BIGINT  NOT NULL CHECK (price_amount >= 0),
    price_currency TEXT    NOT NULL,
    stock          BIGINT  NOT NULL CHECK (stock >= 0),
    category       TEXT,
    attributes     JSONB   NOT NULL,
    status         TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL,
    version        BIGINT  NOT NULL,
    -- The words it is found by, in small letters, with a space between each.
    search_text    TEXT    NOT NULL
);

-- The SKU of an archived product may be used again.
CREATE UNIQUE INDEX products_sku_key ON products (sku) WHERE status <> 'archived';
CREATE INDEX products_created ON products (created_at, id);
CREATE INDEX products_price ON products (price_amount, id);
CREATE INDEX products_named ON products (lower(name), id);
CREATE INDEX products_status_created ON products (status, created_at, id);
CREATE INDEX products_status_price ON products (status, price_amount, id);
CREATE INDEX products_status_named ON products (status, lower(name), id);
CREATE INDEX products_category_created ON products (category, status, created_at, id);
CREATE INDEX products_category_price ON products (category, status, price_amount, id);
CREATE INDEX products_category_named ON products (category, status, lower(name), id);
