-- Which messages of the shop were taken, by their keys (see fingerprint.go), so that
-- one that comes again is not believed over what came since; and which orders are in
-- another currency than the workspace's. How an order's line is found on the timeline
-- does not go by its key any more; the index events_orders stays for an older program
-- beside, and may go in a later migration.

-- +goose Up
CREATE TABLE message_keys (
    number {int} NOT NULL, digest {int} NOT NULL, at {int} NOT NULL,
    PRIMARY KEY (number, digest)
) {table};
CREATE INDEX message_keys_at ON message_keys (at);
ALTER TABLE orders ADD COLUMN other_currency {int} NOT NULL DEFAULT 0;
