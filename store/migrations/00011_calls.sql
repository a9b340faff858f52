-- What calls leave behind. The words in braces are those of 00001.

-- +goose Up
ALTER TABLE deliveries ADD COLUMN rung {int} NOT NULL DEFAULT 0; -- attempts that came as far as the customer's phone and are to be repeated

CREATE TABLE recordings (                       -- what was said on a telephone; the sound itself lies elsewhere
    id {id}, provider_id TEXT NOT NULL UNIQUE, call_id TEXT NOT NULL DEFAULT '',
    customer TEXT NOT NULL, campaign TEXT NOT NULL DEFAULT '', entry {int} NOT NULL DEFAULT 0,
    delivery {int} NOT NULL DEFAULT 0, case_id {int} NOT NULL DEFAULT 0,      -- 0: it belongs to none
    kind TEXT NOT NULL, question TEXT NOT NULL DEFAULT '', at {int} NOT NULL, lasted {int} NOT NULL DEFAULT 0,
    state TEXT NOT NULL, due_at {int}, lease_until {int}, attempts {int} NOT NULL DEFAULT 0, trouble TEXT NOT NULL DEFAULT '',
    media TEXT NOT NULL DEFAULT '', size {int} NOT NULL DEFAULT 0
) {table};
CREATE INDEX recordings_due ON recordings (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX recordings_age ON recordings (at) WHERE state = 'kept';
CREATE INDEX recordings_customer ON recordings (customer, at);
