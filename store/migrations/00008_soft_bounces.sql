-- +goose Up
-- Messages a mailbox did not take for now since it last took one.
CREATE TABLE soft_bounces (
    address TEXT NOT NULL, message TEXT NOT NULL, at {int} NOT NULL,
    PRIMARY KEY (address, message)
) {table};
