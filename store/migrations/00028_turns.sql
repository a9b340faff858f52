-- What cannot be done keeps nothing else from its turn, and what is looked for is
-- found without reading everything. The words in braces are those of 00001. Indexes
-- that were made by hand before, while messages were sent, are left as they are.

-- +goose Up
-- only postgres
-- Whoever works meanwhile waits here, before it holds anything that this waits for.
LOCK TABLE deliveries, run_shards, inbox, answers, segment_members IN ACCESS EXCLUSIVE MODE;
-- both
-- When a shard was entered in vain the last time: the others come first.
ALTER TABLE run_shards ADD COLUMN tried_at {int};
-- Each channel has room of its own, and what is under way is counted by channel.
CREATE INDEX IF NOT EXISTS deliveries_moving ON deliveries (channel, id) WHERE phase = 'moving';
DROP INDEX deliveries_lease;
-- Erasing somebody finds what speaks of them.
CREATE INDEX IF NOT EXISTS inbox_of ON inbox (about) WHERE about <> 0;
CREATE INDEX IF NOT EXISTS answers_customer ON answers (customer);
CREATE INDEX IF NOT EXISTS segment_members_customer ON segment_members (customer);
-- What could not be read goes with what was read, when its time is over; a program
-- before this one goes on to set it aside while it runs.
UPDATE inbox SET state = 'done' WHERE state = 'rejected';
CREATE INDEX IF NOT EXISTS inbox_rejected ON inbox (received_at) WHERE state = 'rejected';
