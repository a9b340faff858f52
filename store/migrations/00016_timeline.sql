-- The timeline is kept by month on PostgreSQL, so that what is too old leaves by
-- dropping a table; what makes an event unique moves to a table of its own. The
-- words in braces are those of 00001; "only" and "both" say which database a
-- part is for.

-- +goose Up
-- only sqlite
CREATE INDEX events_at ON events (at);
-- only postgres
CREATE TABLE event_keys (                       -- every event ever recorded, by its keys (see fingerprint.go); outlives the event
    number {int} NOT NULL, digest {int} NOT NULL,
    at {int} NOT NULL,                          -- the partition that holds the event, or held it
    provider_number {int}, provider_digest {int},
    PRIMARY KEY (number, digest)
);

ALTER TABLE events RENAME TO events_before;
DROP INDEX events_customer, events_timeline, events_pending, events_live;
CREATE SEQUENCE events_number;
CREATE TABLE events (
    id {int} NOT NULL DEFAULT nextval('events_number'),
    customer TEXT NOT NULL, name TEXT NOT NULL, at {int} NOT NULL, received_at {int} NOT NULL,
    properties {json} NOT NULL DEFAULT '{}',
    key TEXT NOT NULL, provider_key TEXT,
    campaign TEXT NOT NULL DEFAULT '', entry {int} NOT NULL DEFAULT 0, delivery {int} NOT NULL DEFAULT 0,
    pending {int} NOT NULL DEFAULT 0, live {int} NOT NULL DEFAULT 0
) PARTITION BY RANGE (at);

-- Months from the last to three ahead, years back to the oldest event (ten at
-- most), and two tables without end for what lies before and after.
-- +goose StatementBegin
DO $$
DECLARE
    today TIMESTAMP := now() AT TIME ZONE 'UTC';
    began TIMESTAMP := date_trunc('month', today - INTERVAL '1 month');
    ended TIMESTAMP;
    oldest TIMESTAMP := (SELECT to_timestamp(min(at) / 1000.0) AT TIME ZONE 'UTC' FROM events_before WHERE at > 0);
BEGIN
    IF oldest < began THEN
        began := date_trunc('year', greatest(oldest, today - INTERVAL '10 years'));
    END IF;
    EXECUTE format('CREATE TABLE events_older PARTITION OF events FOR VALUES FROM (MINVALUE) TO (%s)', (extract(epoch FROM began) * 1000)::BIGINT);
    WHILE began < date_trunc('month', today) + INTERVAL '4 months' LOOP
        ended := began + INTERVAL '1 month';
        IF began < date_trunc('year', today - INTERVAL '1 month') THEN
            ended := began + INTERVAL '1 year';
        END IF;
        EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES FROM (%s) TO (%s)',
            'events_' || to_char(began, CASE WHEN ended = began + INTERVAL '1 year' THEN 'YYYY' ELSE 'YYYY_MM' END),
            (extract(epoch FROM began) * 1000)::BIGINT, (extract(epoch FROM ended) * 1000)::BIGINT);
        began := ended;
    END LOOP;
    EXECUTE format('CREATE TABLE events_later PARTITION OF events FOR VALUES FROM (%s) TO (MAXVALUE)', (extract(epoch FROM began) * 1000)::BIGINT);
END $$;
-- +goose StatementEnd

INSERT INTO events (id, customer, name, at, received_at, properties, key, provider_key, campaign, entry, delivery, pending, live)
SELECT id, customer, name, at, received_at, properties, key, provider_key, campaign, entry, delivery, pending, live FROM events_before ORDER BY id;
SELECT setval('events_number', coalesce(max(id), 0) + 1, false) FROM events_before;

-- As fingerprint.go has it: the first field that is all digits, and the first
-- eight bytes of SHA-256; where no field is, the next eight are the number.
INSERT INTO event_keys (number, digest, at, provider_number, provider_digest)
SELECT coalesce(substring(key FROM '[:|]([0-9]{1,18})(?:[:|]|$)')::BIGINT, ('x' || encode(substr(sha256(convert_to(key, 'UTF8')), 9, 8), 'hex'))::BIT(64)::BIGINT),
    ('x' || encode(substr(sha256(convert_to(key, 'UTF8')), 1, 8), 'hex'))::BIT(64)::BIGINT,
    at,
    coalesce(substring(provider_key FROM '[:|]([0-9]{1,18})(?:[:|]|$)')::BIGINT, ('x' || encode(substr(sha256(convert_to(provider_key, 'UTF8')), 9, 8), 'hex'))::BIT(64)::BIGINT),
    ('x' || encode(substr(sha256(convert_to(provider_key, 'UTF8')), 1, 8), 'hex'))::BIT(64)::BIGINT
FROM events_before ORDER BY id;
CREATE UNIQUE INDEX event_keys_provider ON event_keys (provider_number, provider_digest) WHERE provider_number IS NOT NULL;
DROP TABLE events_before;

CREATE INDEX events_customer ON events (customer, name, at);
CREATE INDEX events_pending ON events (id) WHERE pending = 1;
CREATE INDEX events_live ON events (customer, name, received_at) WHERE live = 1;
CREATE INDEX events_orders ON events (key) WHERE name = 'Order Completed';
-- both
