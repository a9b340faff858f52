-- only postgres
-- +goose NO TRANSACTION
-- both
-- Customers are found by words of their names, which are kept folded beside them. Names of
-- before are taken in by the scheduler's upkeep, which finds them by customers_unnamed, as
-- it finds those that an older program writes or removes. The words in braces are those
-- of 00001; "only" and "both" say which database a part is for. Indexes are made beside
-- everybody who writes, which is in no transaction: what was begun is begun anew.

-- +goose Up
-- only postgres
ALTER TABLE customers ADD COLUMN IF NOT EXISTS first_name_words TEXT, ADD COLUMN IF NOT EXISTS last_name_words TEXT;
DROP INDEX CONCURRENTLY IF EXISTS customers_names;
CREATE INDEX CONCURRENTLY customers_names ON customers USING gin (
    array_to_tsvector(coalesce(string_to_array(first_name_words, ' '), '{}') || coalesce(string_to_array(last_name_words, ' '), '{}')))
    WHERE first_name_words IS NOT NULL OR last_name_words IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS customers_unnamed;
CREATE INDEX CONCURRENTLY customers_unnamed ON customers (id)
    WHERE (first_name IS NULL) <> (first_name_words IS NULL) OR (last_name IS NULL) <> (last_name_words IS NULL);
-- only sqlite
ALTER TABLE customers ADD COLUMN first_name_words TEXT;
ALTER TABLE customers ADD COLUMN last_name_words TEXT;
CREATE INDEX customers_unnamed ON customers (id)
    WHERE (first_name IS NULL) <> (first_name_words IS NULL) OR (last_name IS NULL) <> (last_name_words IS NULL);
-- A word of a name and who has it; words are letters and digits, so that they make a JSON
-- document. A profile that goes takes them with it.
CREATE TABLE name_words (word TEXT NOT NULL, customer TEXT NOT NULL, PRIMARY KEY (word, customer)) {table}, WITHOUT ROWID;
-- +goose StatementBegin
CREATE TRIGGER customers_named AFTER INSERT ON customers WHEN NEW.first_name_words IS NOT NULL OR NEW.last_name_words IS NOT NULL BEGIN
    INSERT INTO name_words (word, customer) SELECT DISTINCT w.value, NEW.id
        FROM json_each('["' || replace(concat_ws(' ', NEW.first_name_words, NEW.last_name_words), ' ', '","') || '"]') w;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER customers_renamed AFTER UPDATE OF first_name_words, last_name_words ON customers
    WHEN NEW.first_name_words IS NOT OLD.first_name_words OR NEW.last_name_words IS NOT OLD.last_name_words BEGIN
    DELETE FROM name_words WHERE customer = OLD.id AND word IN (SELECT w.value
        FROM json_each('["' || replace(concat_ws(' ', OLD.first_name_words, OLD.last_name_words), ' ', '","') || '"]') w);
    INSERT INTO name_words (word, customer) SELECT DISTINCT w.value, NEW.id
        FROM json_each('["' || replace(concat_ws(' ', NEW.first_name_words, NEW.last_name_words), ' ', '","') || '"]') w
        WHERE NEW.first_name_words IS NOT NULL OR NEW.last_name_words IS NOT NULL;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER customers_unnamed_again AFTER DELETE ON customers WHEN OLD.first_name_words IS NOT NULL OR OLD.last_name_words IS NOT NULL BEGIN
    DELETE FROM name_words WHERE customer = OLD.id AND word IN (SELECT w.value
        FROM json_each('["' || replace(concat_ws(' ', OLD.first_name_words, OLD.last_name_words), ' ', '","') || '"]') w);
END;
-- +goose StatementEnd
-- both
INSERT INTO facts (name, value) SELECT 'fact:names to prepare', 'past ' FROM (
    SELECT 1 FROM customers WHERE (first_name IS NULL) <> (first_name_words IS NULL) OR (last_name IS NULL) <> (last_name_words IS NULL) LIMIT 1) AS unnamed
    WHERE TRUE ON CONFLICT (name) DO NOTHING;
