-- How providers do, and what they did with messages. The words in braces are
-- those of 00001.

-- +goose Up
CREATE TABLE outlets (
    channel TEXT NOT NULL, provider TEXT NOT NULL, via TEXT NOT NULL, health {json} NOT NULL,
    PRIMARY KEY (channel, provider, via)
) {table};

CREATE TABLE outlet_minutes (                   -- kept for an hour
    channel TEXT NOT NULL, provider TEXT NOT NULL, minute {int} NOT NULL,
    sent {int} NOT NULL, failed {int} NOT NULL, unconfirmed {int} NOT NULL, put_off {int} NOT NULL,
    PRIMARY KEY (channel, provider, minute)
) {table};

CREATE INDEX inbox_done ON inbox (received_at) WHERE state = 'done';
