-- One row, written anew to find out whether the storage takes writes.

CREATE TABLE write_probe (
    id      BIGINT NOT NULL PRIMARY KEY,
    written BIGINT NOT NULL,
    padding TEXT NOT NULL
);

INSERT INTO write_probe (id, written, padding) VALUES (1, 0, '');
