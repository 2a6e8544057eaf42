-- `SELECT id FROM products_search($1)` works on both engines: a table-valued function here, a function there.
-- To `ascii` everything but ASCII is a letter, so that it cuts at the spaces and nowhere else.
CREATE VIRTUAL TABLE products_search USING fts5 (
    id UNINDEXED, search_text,
    content = 'products', content_rowid = 'search_row', tokenize = 'ascii', prefix = '2 3'
);

CREATE TRIGGER products_search_insert AFTER INSERT ON products BEGIN
    INSERT INTO products_search (rowid, id, search_text) VALUES (NEW.search_row, NEW.id, NEW.search_text);
END;

CREATE TRIGGER products_search_delete AFTER DELETE ON products BEGIN
    INSERT INTO products_search (products_search, rowid, id, search_text)
    VALUES ('delete', OLD.search_row, OLD.id, OLD.search_text);
END;

-- Not on a change of the stock: that is the hottest write of all.
CREATE TRIGGER products_search_update AFTER UPDATE OF search_text ON products
WHEN OLD.search_text IS NOT NEW.search_text
BEGIN
    INSERT INTO products_search (products_search, rowid, id, search_text)
    VALUES ('delete', OLD.search_row, OLD.id, OLD.search_text);
    INSERT INTO products_search (rowid, id, search_text) VALUES (NEW.search_row, NEW.id, NEW.search_text);
END;
