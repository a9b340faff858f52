-- +goose Up
-- The rows of a broadcast change several times within minutes, and so does what
-- the planner must know of them.
-- only postgres
ALTER TABLE deliveries SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.01);
ALTER TABLE entries SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.01);
-- only sqlite
SELECT 1;
-- both
