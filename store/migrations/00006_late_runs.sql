-- +goose Up
-- Whom a run by each customer's own clock that was recorded late leaves out:
-- those whose clock had shown its reading before this instant.
ALTER TABLE runs ADD COLUMN since {int};
