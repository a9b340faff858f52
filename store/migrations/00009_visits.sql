-- +goose Up
-- What visits our links is judged by all its visits of a message together:
-- about is the delivery they name, 0 for other callbacks.
ALTER TABLE inbox ADD COLUMN about {int} NOT NULL DEFAULT 0;
CREATE INDEX inbox_about ON inbox (about) WHERE state = 'waiting' AND about <> 0;
-- What machines did with a message: 1 opened, 2 clicked, 3 both.
ALTER TABLE deliveries ADD COLUMN machine {int} NOT NULL DEFAULT 0;
