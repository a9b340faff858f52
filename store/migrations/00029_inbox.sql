-- +goose Up
-- A callback changes three times within seconds. Where its page has room that writes
-- no index, and what it leaves behind goes before it is in the way.
-- only postgres
ALTER TABLE inbox SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02);
-- only sqlite
SELECT 1;
-- both
