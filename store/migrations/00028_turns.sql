-- What cannot be done keeps nothing else from its turn. The words in braces are
-- those of 00001.

-- +goose Up
-- When a shard was entered in vain the last time: the others come first.
ALTER TABLE run_shards ADD COLUMN tried_at {int};
-- Each channel has room of its own, and what is under way is counted by channel.
DROP INDEX deliveries_lease;
CREATE INDEX deliveries_lease ON deliveries (channel, id) WHERE phase = 'moving';
