-- What the response is measured by. The words in braces are those of 00001.

-- +goose Up
-- The share that a version keeps out of contact; NULL where nobody noted it.
ALTER TABLE campaign_versions ADD COLUMN holdout {real};
-- What people did with a message, whatever became of it after: 1 opened, 2 clicked, 3 both.
ALTER TABLE deliveries ADD COLUMN did {int} NOT NULL DEFAULT 0;
-- An event counts for the latest entry of each campaign.
CREATE INDEX conversions_event ON conversions (event);
DELETE FROM conversions WHERE EXISTS (
    SELECT 1 FROM conversions later JOIN entries l ON l.id = later.entry JOIN entries e ON e.id = conversions.entry
    WHERE later.event = conversions.event AND l.campaign = e.campaign AND later.entry > conversions.entry);
