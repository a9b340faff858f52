-- What journeys wait for and bring about beside messages. The words in braces
-- are those of 00001.

-- +goose Up
ALTER TABLE events ADD COLUMN live {int} NOT NULL DEFAULT 0; -- 1: it happened just now, so journeys begin, end and go on by it
UPDATE events SET live = 1 WHERE pending = 1;
CREATE INDEX events_live ON events (customer, name, received_at) WHERE live = 1;

CREATE TABLE splits (                           -- splits with a winner, each from the first customer who came
    campaign TEXT NOT NULL, version {int} NOT NULL, run {int} NOT NULL, step TEXT NOT NULL,
    opened_at {int} NOT NULL, decided_at {int}, winner TEXT NOT NULL DEFAULT '', numbers {json} NOT NULL DEFAULT '[]',
    PRIMARY KEY (campaign, version, run, step)
) {table};
CREATE INDEX splits_open ON splits (opened_at) WHERE decided_at IS NULL;

CREATE INDEX entries_running ON entries (campaign, version, id) WHERE state = 'running';
