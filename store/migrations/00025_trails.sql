-- Which traces are kept of what set journeys off and of deliveries, so that what
-- comes back leads to what was sent. Only what is sampled stands here. The words in
-- braces are those of 00001.

-- +goose Up
CREATE TABLE trails (
    about TEXT PRIMARY KEY,                     -- the cause of entries (event:812, run:7), or delivery:99
    mark TEXT NOT NULL,                         -- W3C traceparent
    at {int} NOT NULL
) {table};
CREATE INDEX trails_at ON trails (at);
