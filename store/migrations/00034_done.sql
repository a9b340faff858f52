-- What was done about a case, said when it was closed: the note says what it is about.
-- The note of those closed before this says what was done.

-- +goose Up
ALTER TABLE cases ADD COLUMN done TEXT NOT NULL DEFAULT '';
