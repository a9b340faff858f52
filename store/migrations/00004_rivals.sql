-- +goose Up
-- A customer's messages that wait to be sent, among which priority decides.
CREATE INDEX deliveries_rivals ON deliveries (customer) WHERE status IN ('planned', 'queued');
