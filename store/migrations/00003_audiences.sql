-- How people come into campaigns and how the response is measured. The words in
-- braces are those of 00001.

-- +goose Up
ALTER TABLE runs ADD COLUMN kept_out {int} NOT NULL DEFAULT 0; -- members whom the campaign's rule of entry kept out

ALTER TABLE campaign_versions ADD COLUMN goal_event TEXT NOT NULL DEFAULT ''; -- '': it has no goal
ALTER TABLE campaign_versions ADD COLUMN goal_within {int} NOT NULL DEFAULT 0; -- milliseconds

CREATE TABLE conversions (                      -- what campaigns are for: each event once for each entry it counts for
    entry {int} NOT NULL, event {int} NOT NULL, at {int} NOT NULL, value {int} NOT NULL,
    PRIMARY KEY (entry, event)
) {table};

CREATE TABLE segment_parts (                    -- watched segments, by part of the customers, and the meaning their members go by
    segment TEXT NOT NULL, number {int} NOT NULL, meaning TEXT NOT NULL, since {int} NOT NULL,
    PRIMARY KEY (segment, number)
) {table};
CREATE TABLE segment_members (
    segment TEXT NOT NULL, customer TEXT NOT NULL, since {int} NOT NULL,
    PRIMARY KEY (segment, customer)
) {table};

CREATE TABLE pauses (                           -- live campaigns that stand still, whatever their files say
    campaign TEXT PRIMARY KEY, why TEXT NOT NULL, source TEXT NOT NULL, at {int} NOT NULL
) {table};

CREATE TABLE stages (                           -- how far rollouts have let people in
    campaign TEXT NOT NULL, version {int} NOT NULL, run {int} NOT NULL,
    stage {int} NOT NULL, share {real} NOT NULL, state TEXT NOT NULL, opened_at {int} NOT NULL, judge_at {int} NOT NULL,
    holds {int} NOT NULL, judgement {json} NOT NULL DEFAULT '{}',
    PRIMARY KEY (campaign, version, run)
) {table};
CREATE INDEX entries_outside ON entries (campaign, version, run, id) WHERE state = 'running' AND position = '' AND wake_at IS NULL;
CREATE INDEX entries_twins ON entries (run, customer) WHERE why = 'duplicate_person';
