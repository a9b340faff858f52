-- Answering a person: messages of no campaign, and the clock of the case they
-- answer. The words in braces are those of 00001.

-- +goose Up
ALTER TABLE deliveries ADD COLUMN case_id {int} NOT NULL DEFAULT 0;  -- the case a direct message answers
ALTER TABLE deliveries ADD COLUMN segments {int} NOT NULL DEFAULT 0; -- of a text, as billed
-- A direct message has no entry: (0, key, 0) keeps it single.
CREATE INDEX deliveries_direct ON deliveries (customer, planned_at) WHERE entry = 0;

ALTER TABLE cases ADD COLUMN answered_at {int};                      -- when somebody first answered
ALTER TABLE cases ADD COLUMN waiting {int} NOT NULL DEFAULT 1;       -- 1: the customer waits for an answer

ALTER TABLE customers ADD COLUMN wrote_at {int};                     -- when they last wrote to us themselves
