-- Who works in the console. The words in braces are those of 00001.

-- +goose Up
CREATE TABLE accounts (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, disabled {int} NOT NULL DEFAULT 0, password TEXT NOT NULL,
    created_at {int} NOT NULL, failures {int} NOT NULL DEFAULT 0, locked_until {int}
) {table};

CREATE TABLE sessions (                         -- who is signed in, by the digest of a token
    digest TEXT PRIMARY KEY, account TEXT NOT NULL, began_at {int} NOT NULL, seen_at {int} NOT NULL
) {table};
CREATE INDEX sessions_account ON sessions (account);

CREATE TABLE deeds (                            -- who did what in the console; rows are added and never changed
    id {id}, at {int} NOT NULL, account TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL DEFAULT ''
) {table};
CREATE INDEX deeds_account ON deeds (account, id);
CREATE INDEX deeds_about ON deeds (about, id) WHERE about <> '';
