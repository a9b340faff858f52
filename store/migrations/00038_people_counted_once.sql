-- What the response is measured by. The words in braces are those of 00001; "only" and
-- "both" say which database a part is for. Columns that were made by hand before, while
-- messages were sent, are left as they are.

-- +goose Up
-- The share that a version keeps out of contact; NULL where nobody noted it. And what
-- people did with a message, whatever became of it after: 1 opened, 2 clicked, 3 both.
-- only postgres
ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS did {int} NOT NULL DEFAULT 0;
ALTER TABLE campaign_versions ADD COLUMN IF NOT EXISTS holdout {real};
-- only sqlite
ALTER TABLE deliveries ADD COLUMN did {int} NOT NULL DEFAULT 0;
ALTER TABLE campaign_versions ADD COLUMN holdout {real};
-- both
-- An event counts for the latest entry of each campaign.
CREATE INDEX IF NOT EXISTS conversions_event ON conversions (event);
DELETE FROM conversions WHERE EXISTS (
    SELECT 1 FROM conversions later JOIN entries l ON l.id = later.entry JOIN entries e ON e.id = conversions.entry
    WHERE later.event = conversions.event AND l.campaign = e.campaign AND later.entry > conversions.entry);
