CREATE TABLE reviews (
    id         UUID   NOT NULL PRIMARY KEY,
    product_id UUID   NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    user_id    UUID   NOT NULL,
    stars      BIGINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
    text       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX reviews_product_id_user_id_key ON reviews (product_id, user_id);
