-- Recordings that wait, and those that are lost, are found by their age without reading
-- all there are.

-- +goose Up
CREATE INDEX IF NOT EXISTS recordings_waiting ON recordings (at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS recordings_lost ON recordings (at) WHERE state = 'lost';
-- What was recorded of people who were erased before is looked for at the provider once
-- more: what was lost here stayed there.
UPDATE recordings SET due_at = 0 WHERE at = -1 AND due_at IS NULL;
