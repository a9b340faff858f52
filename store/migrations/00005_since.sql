-- +goose Up
-- The earliest version whose messages speak for a rollout or a split that journeys
-- took along when they were moved; NULL: its own.
ALTER TABLE stages ADD COLUMN since {int};
ALTER TABLE splits ADD COLUMN since {int};
