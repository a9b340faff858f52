-- When a version of a broadcast runs, in words: a version that says another time than
-- the one before it begins anew. "" where it does not run by the clock; NULL where
-- nobody noted it.

-- +goose Up
ALTER TABLE campaign_versions ADD COLUMN schedule TEXT;
