-- `SELECT id FROM products_search($1)` works on both engines: a function here, a table-valued function there.
-- The words come as `cof* bea*`, which is how SQLite's index is asked. No parser and no dictionary: what they take for
-- a letter depends on the locale of the database.
ALTER TABLE products ADD COLUMN search TSVECTOR NOT NULL GENERATED ALWAYS AS (
    array_to_tsvector(string_to_array(search_text, ' '))
) STORED;

CREATE INDEX products_search ON products USING gin (search);

CREATE FUNCTION products_search(words TEXT) RETURNS TABLE (id UUID) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.id FROM products p
    WHERE p.search @@ CAST(replace(replace(words, '*', ':*'), ' ', ' & ') AS tsquery)
$$;
