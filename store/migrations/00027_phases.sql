-- A delivery whose send begins changes nothing that an index holds, so that on
-- PostgreSQL its row is written and no index is. An index on a status, or on when a
-- send began, would be written whatever its condition says: it is the columns that
-- count. The words in braces are those of 00001; "only" says which database a part
-- is for.

-- +goose Up
DROP INDEX deliveries_due;
DROP INDEX deliveries_lease;
DROP INDEX deliveries_doubt;
DROP INDEX deliveries_paused;
DROP INDEX deliveries_rivals;
DROP INDEX deliveries_pressure;
DROP INDEX deliveries_spend;
-- only postgres
ALTER TABLE deliveries
    ADD COLUMN phase TEXT GENERATED ALWAYS AS (
        CASE WHEN status = 'planned' THEN 'waiting' WHEN status IN ('queued', 'sending') THEN 'moving' WHEN status = 'unconfirmed' THEN 'doubt' END) STORED,
    ADD COLUMN charged_at {int} GENERATED ALWAYS AS (CASE WHEN cost > 0 THEN taken_at END) STORED;
-- only sqlite
ALTER TABLE deliveries ADD COLUMN phase TEXT GENERATED ALWAYS AS (
    CASE WHEN status = 'planned' THEN 'waiting' WHEN status IN ('queued', 'sending') THEN 'moving' WHEN status = 'unconfirmed' THEN 'doubt' END) VIRTUAL;
ALTER TABLE deliveries ADD COLUMN charged_at {int} GENERATED ALWAYS AS (CASE WHEN cost > 0 THEN taken_at END) VIRTUAL;
-- both
CREATE INDEX deliveries_due ON deliveries (channel, due_at, priority DESC, id) WHERE phase = 'waiting';
CREATE INDEX deliveries_lease ON deliveries (id) WHERE phase = 'moving';
CREATE INDEX deliveries_doubt ON deliveries (settled_at) WHERE phase = 'doubt';
CREATE INDEX deliveries_paused ON deliveries (campaign) WHERE phase = 'waiting' AND reason = 'paused_campaign';
-- What went to a customer of late, and what waits: no send begins long after its
-- message has expired.
CREATE INDEX deliveries_customer ON deliveries (customer, expires_at);
CREATE INDEX deliveries_spend ON deliveries (channel, charged_at, campaign, cost) WHERE charged_at IS NOT NULL;
