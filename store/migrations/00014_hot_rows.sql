-- What a message's way through the ledger writes most. The words in braces are
-- those of 00001; "only" says which database a part is for.

-- +goose Up
-- All entries of a broadcast wake at the same moment: without their number the
-- index gives them in no order, and each look sorts all of them.
DROP INDEX entries_wake;
CREATE INDEX entries_wake ON entries (wake_at, id) WHERE state = 'running' AND wake_at IS NOT NULL;
-- Every step of a delivery wrote into it; what asked for it finds deliveries by
-- their entries now, and those that a pause holds by an index of their own.
DROP INDEX deliveries_campaign;
CREATE INDEX deliveries_paused ON deliveries (campaign) WHERE status = 'planned' AND reason = 'paused_campaign';
-- Whoever looks for leases that are over looks at all there are, which are few;
-- without their end in an index, claiming a row touches none.
DROP INDEX deliveries_lease;
CREATE INDEX deliveries_lease ON deliveries (id) WHERE status IN ('queued', 'sending');
-- only postgres
-- Room on the page for the next version of a row, so that a change of no indexed
-- column (a lease, a claim, the last contact) touches no index, and the versions a
-- row goes through within seconds stand on one page.
ALTER TABLE deliveries SET (fillfactor = 50);
ALTER TABLE entries SET (fillfactor = 60);
ALTER TABLE customers SET (fillfactor = 85);
