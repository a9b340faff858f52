-- The recordings of a case are found without reading all there are. Indexes that were
-- made by hand before are left as they are.

-- +goose Up
CREATE INDEX IF NOT EXISTS recordings_case ON recordings (case_id) WHERE case_id > 0;
CREATE INDEX IF NOT EXISTS recordings_entry ON recordings (entry) WHERE entry > 0;
