-- One text for both databases; store replaces the words in braces:
--   {id}    a row's own number, given in order of arrival
--   {int}   64-bit integer; instants are Unix milliseconds UTC, money is minor units
--   {real}  64-bit float      {json} a JSON document      {bytes} raw bytes
--   {table} what ends a CREATE TABLE (STRICT on SQLite)

-- +goose Up
CREATE TABLE customers (
    id              TEXT PRIMARY KEY,
    shard           {int} NOT NULL,            -- 0..1023, by a hash of the id
    person          TEXT NOT NULL,             -- e-mail, else phone, else id: the same for two profiles of one person
    email           TEXT, phone TEXT,
    first_name      TEXT, last_name TEXT,
    locale          TEXT, country TEXT, city TEXT,
    zone            TEXT, phone_zone TEXT,
    born_on         {int},                     -- midnight UTC of the date
    created_at      {int} NOT NULL,
    updated_at      {int} NOT NULL,
    kind            TEXT NOT NULL DEFAULT 'consumer',
    tags            {json} NOT NULL DEFAULT '[]',
    traits          {json} NOT NULL DEFAULT '{}',  -- dates as milliseconds
    orders_count    {int} NOT NULL DEFAULT 0,
    orders_total    {int} NOT NULL DEFAULT 0,
    orders_returned {int} NOT NULL DEFAULT 0,
    orders_first_at {int}, orders_last_at {int},
    rfm_recency     {int}, rfm_frequency {int}, rfm_monetary {int},
    pyramid         TEXT,
    points          {int} NOT NULL DEFAULT 0,
    tier            TEXT,
    nps_last {real}, nps_sum {real} NOT NULL DEFAULT 0, nps_count {int} NOT NULL DEFAULT 0,
    csat_last {real}, csat_sum {real} NOT NULL DEFAULT 0, csat_count {int} NOT NULL DEFAULT 0,
    cases_open      {int} NOT NULL DEFAULT 0,
    cases_last_at   {int},
    contacted_last_at {int},
    email_opened_at {int}, email_clicked_at {int}, sms_replied_at {int}, push_clicked_at {int}
) {table};
CREATE INDEX customers_shard ON customers (shard, id);
CREATE INDEX customers_person ON customers (person, id);
CREATE INDEX customers_email ON customers (email) WHERE email IS NOT NULL;
CREATE INDEX customers_phone ON customers (phone) WHERE phone IS NOT NULL;

CREATE TABLE consents (
    customer TEXT NOT NULL, topic TEXT NOT NULL, channel TEXT NOT NULL,
    granted {int} NOT NULL, at {int} NOT NULL, source TEXT NOT NULL,
    PRIMARY KEY (customer, topic, channel)
) {table};

CREATE TABLE suppressions (
    channel TEXT NOT NULL, address TEXT NOT NULL, reason TEXT NOT NULL, at {int} NOT NULL,
    PRIMARY KEY (channel, address)
) {table};

CREATE TABLE push_subscriptions (
    endpoint TEXT PRIMARY KEY, customer TEXT NOT NULL, p256dh TEXT NOT NULL, auth TEXT NOT NULL, at {int} NOT NULL
) {table};
CREATE INDEX push_subscriptions_customer ON push_subscriptions (customer, at);

CREATE TABLE orders (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL, at {int} NOT NULL, currency TEXT NOT NULL DEFAULT '',
    total {int} NOT NULL, status TEXT NOT NULL
) {table};
CREATE INDEX orders_customer ON orders (customer, at);
CREATE TABLE order_lines (
    order_id TEXT NOT NULL, number {int} NOT NULL, product TEXT NOT NULL, quantity {int} NOT NULL, amount {int} NOT NULL,
    PRIMARY KEY (order_id, number)
) {table};
CREATE TABLE products (
    id TEXT PRIMARY KEY, sku TEXT NOT NULL DEFAULT '', name TEXT NOT NULL, price {int} NOT NULL DEFAULT 0
) {table};

CREATE TABLE events (
    id {id},
    customer TEXT NOT NULL, name TEXT NOT NULL, at {int} NOT NULL, received_at {int} NOT NULL,
    properties {json} NOT NULL DEFAULT '{}',
    key TEXT NOT NULL UNIQUE, provider_key TEXT UNIQUE,
    campaign TEXT NOT NULL DEFAULT '', entry {int} NOT NULL DEFAULT 0, delivery {int} NOT NULL DEFAULT 0,
    pending {int} NOT NULL DEFAULT 0            -- 1: triggers and exits have not seen it yet
) {table};
CREATE INDEX events_customer ON events (customer, name, at);
CREATE INDEX events_timeline ON events (customer, at, id);
CREATE INDEX events_pending ON events (id) WHERE pending = 1;

CREATE TABLE workspaces (
    version {id}, digest TEXT NOT NULL, files {bytes} NOT NULL, applied_at {int} NOT NULL
) {table};
CREATE TABLE campaign_versions (
    campaign TEXT NOT NULL, version {int} NOT NULL, workspace {int} NOT NULL, digest TEXT NOT NULL,
    state TEXT NOT NULL, applied_at {int} NOT NULL,
    PRIMARY KEY (campaign, version)
) {table};

CREATE TABLE runs (
    id {id}, campaign TEXT NOT NULL, version {int} NOT NULL, at {int} NOT NULL,
    state TEXT NOT NULL, shards_left {int} NOT NULL, entered {int} NOT NULL DEFAULT 0,
    UNIQUE (campaign, at)
) {table};
CREATE TABLE run_shards (
    run {int} NOT NULL, number {int} NOT NULL, of {int} NOT NULL, done_at {int},
    PRIMARY KEY (run, number)
) {table};
CREATE INDEX run_shards_left ON run_shards (run, number) WHERE done_at IS NULL;

CREATE TABLE entries (
    id {id}, campaign TEXT NOT NULL, version {int} NOT NULL, run {int} NOT NULL DEFAULT 0,
    customer TEXT NOT NULL, key TEXT NOT NULL DEFAULT '', cause TEXT NOT NULL, -- Entry.Trigger
    state TEXT NOT NULL, holdout {int} NOT NULL DEFAULT 0,
    position TEXT NOT NULL DEFAULT '', arrived_at {int} NOT NULL, wake_at {int},
    lease_until {int}, revision {int} NOT NULL DEFAULT 0,
    journal {json} NOT NULL DEFAULT '{}',
    entered_at {int} NOT NULL, ended_at {int}, why TEXT NOT NULL DEFAULT '',
    UNIQUE (campaign, cause, customer)
) {table};
CREATE UNIQUE INDEX entries_one_running ON entries (campaign, customer, key) WHERE state = 'running';
CREATE INDEX entries_wake ON entries (wake_at) WHERE state = 'running' AND wake_at IS NOT NULL;
CREATE INDEX entries_customer ON entries (customer, campaign);

CREATE TABLE deliveries (
    id {id}, entry {int} NOT NULL, customer TEXT NOT NULL, campaign TEXT NOT NULL, version {int} NOT NULL,
    step TEXT NOT NULL, grp {int} NOT NULL DEFAULT 0,
    channel TEXT NOT NULL, topic TEXT NOT NULL, template TEXT NOT NULL, vars {json} NOT NULL DEFAULT '{}',
    priority {int} NOT NULL DEFAULT 50,
    status TEXT NOT NULL, rank {int} NOT NULL, reason TEXT NOT NULL DEFAULT '',
    due_at {int} NOT NULL, expires_at {int} NOT NULL,
    attempts {int} NOT NULL DEFAULT 0, retry {json} NOT NULL DEFAULT '{}', ambiguous TEXT NOT NULL, resent {int} NOT NULL DEFAULT 0,
    lease_until {int}, fence {int},
    provider TEXT NOT NULL DEFAULT '', provider_id TEXT, cost {int} NOT NULL DEFAULT 0, content {json},
    zone TEXT NOT NULL DEFAULT '', zone_from TEXT NOT NULL DEFAULT '',
    planned_at {int} NOT NULL, taken_at {int}, settled_at {int}, checked_at {int}, fetched_attempt {int} NOT NULL DEFAULT 0,
    UNIQUE (entry, step, grp)
) {table};
CREATE INDEX deliveries_due ON deliveries (channel, due_at, priority DESC, id) WHERE status = 'planned';
CREATE INDEX deliveries_lease ON deliveries (lease_until) WHERE status IN ('queued', 'sending');
CREATE INDEX deliveries_doubt ON deliveries (settled_at) WHERE status = 'unconfirmed';
CREATE INDEX deliveries_pressure ON deliveries (customer, taken_at) WHERE taken_at IS NOT NULL;
CREATE INDEX deliveries_spend ON deliveries (channel, taken_at, campaign, cost) WHERE cost > 0;
CREATE INDEX deliveries_provider ON deliveries (channel, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX deliveries_campaign ON deliveries (campaign, status);

CREATE TABLE answers (
    entry {int} NOT NULL, ask TEXT NOT NULL, customer TEXT NOT NULL, delivery {int} NOT NULL, scale TEXT NOT NULL,
    score {real}, choice TEXT NOT NULL DEFAULT '', text TEXT NOT NULL DEFAULT '', channel TEXT NOT NULL, at {int} NOT NULL,
    PRIMARY KEY (entry, ask)
) {table};

CREATE TABLE cases (
    id {id}, customer TEXT NOT NULL, campaign TEXT NOT NULL DEFAULT '', entry {int} NOT NULL DEFAULT 0,
    queue TEXT NOT NULL, priority TEXT NOT NULL, title TEXT NOT NULL, note TEXT NOT NULL DEFAULT '', why TEXT NOT NULL,
    opened_at {int} NOT NULL, due_at {int}, closed_at {int}, assignee TEXT NOT NULL DEFAULT ''
) {table};
CREATE UNIQUE INDEX cases_one_open ON cases (entry) WHERE closed_at IS NULL AND entry > 0;
CREATE INDEX cases_customer ON cases (customer, opened_at);
CREATE INDEX cases_queue ON cases (queue, due_at) WHERE closed_at IS NULL;

CREATE TABLE inbox (
    id {id}, provider TEXT NOT NULL, method TEXT NOT NULL, url TEXT NOT NULL, header {json} NOT NULL, body {bytes} NOT NULL,
    received_at {int} NOT NULL, digest TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL, lease_until {int}, attempts {int} NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT ''
) {table};
CREATE INDEX inbox_waiting ON inbox (id) WHERE state = 'waiting';

CREATE TABLE links (
    id {id}, url TEXT NOT NULL UNIQUE
) {table};

CREATE TABLE facts (                            -- small facts of the installation: Redis epoch, scheduler lease, clock
    name TEXT PRIMARY KEY, value TEXT NOT NULL, until {int}
) {table};
