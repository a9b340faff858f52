-- Ledgers older than the world: what a backup that was put back cannot know. The
-- words in braces are those of 00001.

-- +goose Up
CREATE TABLE restores (                          -- each time a backup was put back
    id {id}, backup_of {int} NOT NULL, restored_at {int} NOT NULL,
    resumed_at {int}                             -- when work went on; NULL: it has not
) {table};

-- What is planned for them and due before this instant may have gone out in the
-- gap; NULL: nothing of it.
ALTER TABLE entries ADD COLUMN doubtful_until {int};
ALTER TABLE runs ADD COLUMN doubtful_until {int};
