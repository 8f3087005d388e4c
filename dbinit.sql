-- MovR on CockroachDB, partitioned by city: cockroach sql < dbinit.sql
-- Made by `flask --app server placement sql partition > dbinit.sql`.
--
-- For demos, not for production: anyone who has read this can log in as its members.
-- Log in as demo-rider (a rider) and demo-owner (an owner), password: ride with movr

CREATE DATABASE IF NOT EXISTS movr;
USE movr;

-- `cockroach demo` has a database movr already, CockroachDB's example: its tables are
-- dropped. If there are any other tables, this file stops and changes nothing.
BEGIN;
SELECT (CASE WHEN found IN ('', 'promo_codes, rides, user_promo_codes, users, vehicle_location_histories, vehicles') THEN 'true'
    ELSE 'The database movr has tables: ' || found || '. Nothing was changed.'
    || ' If you need none of them, remove it and load this again: DROP DATABASE movr CASCADE'
    END)::BOOLEAN AS can_be_loaded
FROM (SELECT array_to_string(ARRAY(SELECT table_name::VARCHAR FROM information_schema.tables
    WHERE table_schema = 'public' ORDER BY 1), ', ') AS found) AS tables_found;
DROP TABLE IF EXISTS promo_codes, rides, user_promo_codes, users, vehicle_location_histories, vehicles CASCADE;
COMMIT;

-- From v26.1 on: let the partitions of new tables be placed.
SELECT set_config(name, 'off', false) FROM pg_catalog.pg_settings WHERE name = 'create_table_with_schema_locked';

CREATE TABLE agency_tokens (
    city VARCHAR(20) NOT NULL,
    id UUID NOT NULL,
    name VARCHAR(100) NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT agency_tokens_pkey PRIMARY KEY (city, id),
    CONSTRAINT agency_tokens_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT agency_tokens_name_check CHECK (length(btrim(name)) BETWEEN 1 AND 100 AND name !~ '[<>\x01-\x1f\x7f]'),
    UNIQUE INDEX agency_tokens_city_token_hash_idx (city, token_hash) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE audit_entries (
    city VARCHAR(20) NOT NULL,
    id UUID NOT NULL,
    happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor_city VARCHAR(20),
    actor_id UUID,
    action VARCHAR(40) NOT NULL,
    subject_kind VARCHAR(10) NOT NULL,
    subject_city VARCHAR(20) NOT NULL,
    subject_id UUID NOT NULL,
    before TEXT,
    after TEXT,
    reason VARCHAR(300) NOT NULL,
    CONSTRAINT audit_entries_pkey PRIMARY KEY (city, id),
    CONSTRAINT audit_entries_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT audit_entries_actor_check CHECK ((actor_city IS NULL) = (actor_id IS NULL)),
    CONSTRAINT audit_entries_subject_kind_check CHECK (subject_kind IN ('vehicle', 'ride', 'account', 'report', 'role', 'fare')),
    CONSTRAINT audit_entries_reason_check CHECK (length(btrim(reason)) BETWEEN 1 AND 300 AND reason !~ '[<>\x01-\x1f\x7f]'),
    INDEX audit_entries_city_happened_at_id_idx (city, happened_at, id) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX audit_entries_city_subject_id_idx (city, subject_id) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE idempotency_keys (
    city VARCHAR(20) NOT NULL,
    id UUID NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    result VARCHAR(200),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (city, id),
    CONSTRAINT idempotency_keys_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome'))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE ledger_entries (
    city VARCHAR(20) NOT NULL,
    ride_id UUID NOT NULL,
    kind VARCHAR(10) NOT NULL,
    account VARCHAR(10) NOT NULL,
    holder_city VARCHAR(20),
    holder_id UUID,
    vehicle_id UUID NOT NULL,
    amount BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT ledger_entries_pkey PRIMARY KEY (city, ride_id, kind, account),
    CONSTRAINT ledger_entries_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT ledger_entries_kind_check CHECK (kind IN ('fare', 'refund', 'payment')),
    CONSTRAINT ledger_entries_account_check CHECK (account IN ('rider', 'owner', 'movr', 'gateway')),
    CONSTRAINT ledger_entries_holder_check CHECK ((account IN ('rider', 'owner')) = (holder_id IS NOT NULL) AND (holder_city IS NULL) = (holder_id IS NULL)),
    CONSTRAINT ledger_entries_amount_check CHECK (amount <> 0),
    INDEX ledger_entries_city_created_at_idx (city, created_at) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX ledger_entries_city_holder_id_created_at_idx (city, holder_id, created_at) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE outbox (
    city VARCHAR(20) NOT NULL,
    id UUID NOT NULL,
    user_id UUID,
    kind VARCHAR(30) NOT NULL,
    data TEXT,
    address VARCHAR(254),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    failed_at TIMESTAMP WITH TIME ZONE,
    last_error VARCHAR(50),
    CONSTRAINT outbox_pkey PRIMARY KEY (city, id),
    CONSTRAINT outbox_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT outbox_attempts_check CHECK (attempts >= 0),
    CONSTRAINT outbox_sent_check CHECK (sent_at IS NULL OR (failed_at IS NULL AND data IS NULL AND address IS NULL)),
    INDEX outbox_city_due_at_idx (city, due_at) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX outbox_city_failed_at_id_idx (city, failed_at, id) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX outbox_city_user_id_sent_at_idx (city, user_id, sent_at) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE reports (
    city VARCHAR(20) NOT NULL,
    id UUID NOT NULL,
    vehicle_id UUID NOT NULL,
    reporter_city VARCHAR(20) NOT NULL,
    reporter_id UUID NOT NULL,
    ride_id UUID,
    kind VARCHAR(10) NOT NULL,
    words VARCHAR(300),
    latitude FLOAT,
    longitude FLOAT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    closed_by_city VARCHAR(20),
    closed_by_id UUID,
    outcome VARCHAR(10),
    CONSTRAINT reports_pkey PRIMARY KEY (city, id),
    CONSTRAINT reports_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT reports_kind_check CHECK (kind IN ('brakes', 'tyre', 'lock', 'battery', 'not_there', 'dirty', 'other')),
    CONSTRAINT reports_words_check CHECK (length(btrim(words)) BETWEEN 1 AND 300 AND words !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT reports_position_check CHECK ((latitude IS NULL) = (longitude IS NULL) AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180),
    CONSTRAINT reports_outcome_check CHECK (outcome IN ('mended', 'no_fault')),
    CONSTRAINT reports_closed_check CHECK ((closed_at IS NULL) = (outcome IS NULL) AND (closed_by_city IS NULL) = (closed_by_id IS NULL) AND (closed_by_id IS NULL OR closed_at IS NOT NULL)),
    INDEX reports_city_closed_at_created_at_id_idx (city, closed_at, created_at, id) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX reports_city_reporter_id_created_at_idx (city, reporter_id, created_at) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX reports_city_vehicle_id_closed_at_created_at_idx (city, vehicle_id, closed_at, created_at) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE staff_roles (
    city VARCHAR(20) NOT NULL,
    user_city VARCHAR(20) NOT NULL,
    user_id UUID NOT NULL,
    "role" VARCHAR(10) NOT NULL,
    granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    granted_by_city VARCHAR(20),
    granted_by_id UUID,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT staff_roles_pkey PRIMARY KEY (city, user_city, user_id, "role"),
    CONSTRAINT staff_roles_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT staff_roles_role_check CHECK (role IN ('support', 'mechanic', 'manager')),
    CONSTRAINT staff_roles_granted_by_check CHECK ((granted_by_city IS NULL) = (granted_by_id IS NULL))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE tariffs (
    city VARCHAR(20) NOT NULL,
    vehicle_type VARCHAR(20) NOT NULL,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    unlock_fee BIGINT NOT NULL,
    per_minute BIGINT NOT NULL,
    daily_cap BIGINT NOT NULL,
    owner_percent BIGINT NOT NULL,
    CONSTRAINT tariffs_pkey PRIMARY KEY (city, vehicle_type, valid_from),
    CONSTRAINT tariffs_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT tariffs_vehicle_type_check CHECK (vehicle_type IN ('bike', 'scooter', 'skateboard')),
    CONSTRAINT tariffs_amounts_check CHECK (unlock_fee BETWEEN 0 AND daily_cap AND per_minute BETWEEN 0 AND daily_cap AND daily_cap <= 100000 AND owner_percent BETWEEN 0 AND 100)
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE users (
    city VARCHAR(20) NOT NULL,
    id UUID NOT NULL,
    first_name VARCHAR(100),
    last_name VARCHAR(100),
    email VARCHAR(254),
    email_verified_at TIMESTAMP WITH TIME ZONE,
    username VARCHAR(64),
    password_hash VARCHAR(200),
    is_owner BOOLEAN NOT NULL,
    active_ride_city VARCHAR(20),
    active_ride_id UUID,
    active_ride_type VARCHAR(20),
    active_ride_brand VARCHAR(50),
    active_ride_start TIMESTAMP WITH TIME ZONE,
    active_ride_latitude FLOAT,
    active_ride_longitude FLOAT,
    reservation_city VARCHAR(20),
    reservation_public_id UUID,
    reservation_type VARCHAR(20),
    reservation_brand VARCHAR(50),
    reservation_until TIMESTAMP WITH TIME ZONE,
    active_ride_unlock_fee BIGINT,
    active_ride_per_minute BIGINT,
    active_ride_daily_cap BIGINT,
    cities_ridden VARCHAR(20)[] NOT NULL,
    cities_reported VARCHAR(20)[] DEFAULT '{}' NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    session_epoch INTEGER DEFAULT 0 NOT NULL,
    receipts_by_mail BOOLEAN DEFAULT false NOT NULL,
    staff_cities VARCHAR(20)[] DEFAULT '{}' NOT NULL,
    suspended_at TIMESTAMP WITH TIME ZONE,
    language VARCHAR(2),
    CONSTRAINT users_pkey PRIMARY KEY (city, id),
    CONSTRAINT users_username_key UNIQUE (username),
    CONSTRAINT users_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT users_first_name_check CHECK (length(btrim(first_name)) BETWEEN 1 AND 100 AND first_name !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT users_last_name_check CHECK (length(btrim(last_name)) BETWEEN 1 AND 100 AND last_name !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT users_username_check CHECK (username ~ '^[a-z0-9._@+-]{3,64}$'),
    CONSTRAINT users_email_check CHECK (email ~ '^[^@\s<>\x01-\x1f\x7f]+@[^@\s<>\x01-\x1f\x7f]+[.][^@\s<>\x01-\x1f\x7f]+$'),
    CONSTRAINT users_active_ride_check CHECK ((active_ride_city IS NULL) = (active_ride_id IS NULL)),
    CONSTRAINT users_riding_check CHECK (active_ride_id IS NOT NULL OR (active_ride_type IS NULL AND active_ride_brand IS NULL AND active_ride_start IS NULL AND active_ride_latitude IS NULL AND active_ride_longitude IS NULL)),
    CONSTRAINT users_reservation_check CHECK ((reservation_until IS NULL) = (reservation_public_id IS NULL) AND (reservation_until IS NULL) = (reservation_city IS NULL)),
    CONSTRAINT users_erased_check CHECK ((deleted_at IS NULL) = (first_name IS NOT NULL) AND (deleted_at IS NULL) = (last_name IS NOT NULL) AND (deleted_at IS NULL) = (email IS NOT NULL) AND (deleted_at IS NULL) = (username IS NOT NULL) AND (deleted_at IS NULL) = (password_hash IS NOT NULL) AND (deleted_at IS NULL OR active_ride_id IS NULL)),
    INDEX users_city_deleted_at_id_idx (city, deleted_at, id) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX users_city_email_idx (city, email) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX users_city_username_idx (city, username) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE vehicle_events (
    city VARCHAR(20) NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    vehicle_id UUID NOT NULL,
    happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event_types VARCHAR(30)[] NOT NULL,
    previous_state VARCHAR(20) NOT NULL,
    state VARCHAR(20) NOT NULL,
    ride_id UUID,
    expires_at TIMESTAMP WITH TIME ZONE,
    latitude FLOAT,
    longitude FLOAT,
    CONSTRAINT vehicle_events_pkey PRIMARY KEY (city, id),
    CONSTRAINT vehicle_events_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT vehicle_events_transition_check CHECK ((previous_state, state) IN (('removed', 'available'), ('removed', 'non_operational'), ('removed', 'missing'), ('available', 'reserved'), ('available', 'on_trip'), ('available', 'non_operational'), ('available', 'missing'), ('available', 'removed'), ('reserved', 'available'), ('reserved', 'on_trip'), ('reserved', 'non_operational'), ('reserved', 'missing'), ('reserved', 'removed'), ('on_trip', 'available'), ('on_trip', 'non_operational'), ('on_trip', 'removed'), ('non_operational', 'available'), ('non_operational', 'missing'), ('non_operational', 'removed'), ('missing', 'available'), ('missing', 'non_operational'), ('missing', 'removed'))),
    CONSTRAINT vehicle_events_event_types_check CHECK (array_length(event_types, 1) IS NOT NULL),
    CONSTRAINT vehicle_events_ride_check CHECK ((ride_id IS NOT NULL) = (previous_state = 'on_trip' OR state = 'on_trip')),
    CONSTRAINT vehicle_events_expires_at_check CHECK ((expires_at IS NOT NULL) = (state = 'reserved')),
    CONSTRAINT vehicle_events_position_check CHECK ((latitude IS NULL) = (longitude IS NULL)),
    INDEX vehicle_events_city_happened_at_id_idx (city, happened_at, id) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX vehicle_events_city_vehicle_id_happened_at_idx (city, vehicle_id, happened_at) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE zones (
    city VARCHAR(20) NOT NULL,
    id UUID NOT NULL,
    name VARCHAR(100) NOT NULL,
    area TEXT NOT NULL,
    ride_end_allowed BOOLEAN NOT NULL,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    valid_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT zones_pkey PRIMARY KEY (city, id),
    CONSTRAINT zones_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT zones_name_check CHECK (length(btrim(name)) BETWEEN 1 AND 100 AND name !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT zones_area_check CHECK (length(area) <= 250000),
    CONSTRAINT zones_valid_check CHECK (valid_until >= valid_from)
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE api_tokens (
    city VARCHAR(20) NOT NULL,
    id UUID NOT NULL,
    holder_id UUID NOT NULL,
    device VARCHAR(50) NOT NULL,
    session_epoch INTEGER NOT NULL,
    access_hash VARCHAR(64) NOT NULL,
    access_until TIMESTAMP WITH TIME ZONE NOT NULL,
    refresh_hash VARCHAR(64) NOT NULL,
    refresh_until TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT api_tokens_pkey PRIMARY KEY (city, id),
    CONSTRAINT api_tokens_city_holder_id_fkey FOREIGN KEY(city, holder_id) REFERENCES users (city, id),
    CONSTRAINT api_tokens_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT api_tokens_device_check CHECK (length(btrim(device)) BETWEEN 1 AND 50 AND device !~ '[<>\x01-\x1f\x7f]'),
    INDEX api_tokens_city_holder_id_created_at_idx (city, holder_id, created_at) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE ride_totals (
    city VARCHAR(20) NOT NULL,
    rider_id UUID NOT NULL,
    period VARCHAR(5) NOT NULL,
    begin DATE NOT NULL,
    rides INTEGER NOT NULL,
    length INTERVAL NOT NULL,
    distance INTEGER NOT NULL,
    CONSTRAINT ride_totals_pkey PRIMARY KEY (city, rider_id, period, begin),
    CONSTRAINT ride_totals_city_rider_id_fkey FOREIGN KEY(city, rider_id) REFERENCES users (city, id),
    CONSTRAINT ride_totals_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT ride_totals_period_check CHECK (period IN ('week', 'month')),
    CONSTRAINT ride_totals_amounts_check CHECK (rides > 0 AND distance >= 0)
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE vehicles (
    city VARCHAR(20) NOT NULL,
    id UUID NOT NULL,
    type VARCHAR(20) NOT NULL,
    owner_id UUID NOT NULL,
    date_added TIMESTAMP WITH TIME ZONE NOT NULL,
    status VARCHAR(20) NOT NULL,
    last_location VARCHAR(200) NOT NULL,
    color VARCHAR(50) NOT NULL,
    brand VARCHAR(50) NOT NULL,
    latitude FLOAT,
    longitude FLOAT,
    latitude_band INTEGER AS (CAST(floor(latitude * 2000) AS INTEGER)) STORED,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    number INTEGER,
    available_since TIMESTAMP WITH TIME ZONE,
    reserved_until TIMESTAMP WITH TIME ZONE,
    reserved_by_city VARCHAR(20),
    reserved_by_id UUID,
    remove_after_ride BOOLEAN DEFAULT false NOT NULL,
    removed_at TIMESTAMP WITH TIME ZONE,
    paused_by VARCHAR(10),
    state_since TIMESTAMP WITH TIME ZONE,
    CONSTRAINT vehicles_pkey PRIMARY KEY (city, id),
    CONSTRAINT vehicles_city_owner_id_fkey FOREIGN KEY(city, owner_id) REFERENCES users (city, id),
    CONSTRAINT vehicles_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT vehicles_type_check CHECK (type IN ('bike', 'scooter', 'skateboard')),
    CONSTRAINT vehicles_status_check CHECK (status IN ('available', 'in_use', 'non_operational', 'missing')),
    CONSTRAINT vehicles_paused_by_check CHECK (paused_by IN ('owner', 'reports', 'staff')),
    CONSTRAINT vehicles_paused_check CHECK (status <> 'non_operational' OR paused_by IS NOT NULL),
    CONSTRAINT vehicles_last_location_check CHECK (length(btrim(last_location)) BETWEEN 1 AND 200 AND last_location !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT vehicles_color_check CHECK (length(btrim(color)) BETWEEN 1 AND 50 AND color !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT vehicles_brand_check CHECK (length(btrim(brand)) BETWEEN 1 AND 50 AND brand !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT vehicles_position_check CHECK ((latitude IS NULL) = (longitude IS NULL) AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180),
    CONSTRAINT vehicles_removed_check CHECK (removed_at IS NULL OR status <> 'in_use'),
    CONSTRAINT vehicles_number_check CHECK (number BETWEEN 100000 AND 999999),
    CONSTRAINT vehicles_reserved_check CHECK ((reserved_until IS NULL) = (reserved_by_id IS NULL) AND (reserved_until IS NULL) = (reserved_by_city IS NULL)),
    INDEX vehicles_available_idx (city, removed_at, status, latitude_band, longitude) STORING (public_id, type, color, brand, last_location, latitude, number, reserved_until, reserved_by_city, reserved_by_id) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    UNIQUE INDEX vehicles_city_number_idx (city, number) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX vehicles_city_owner_id_status_idx (city, owner_id, status) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX vehicles_city_public_id_idx (city, public_id) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

CREATE TABLE rides (
    city VARCHAR(20) NOT NULL,
    id UUID NOT NULL,
    vehicle_id UUID NOT NULL,
    rider_id UUID NOT NULL,
    rider_city VARCHAR(20) NOT NULL,
    start_location VARCHAR(200) NOT NULL,
    end_location VARCHAR(200),
    start_time TIMESTAMP WITH TIME ZONE NOT NULL,
    end_time TIMESTAMP WITH TIME ZONE,
    length INTERVAL,
    start_latitude FLOAT,
    start_longitude FLOAT,
    end_latitude FLOAT,
    end_longitude FLOAT,
    distance INTEGER,
    unlock_fee BIGINT,
    per_minute BIGINT,
    daily_cap BIGINT,
    owner_percent BIGINT,
    amount BIGINT,
    undone BOOLEAN DEFAULT false NOT NULL,
    undo_reason VARCHAR(300),
    CONSTRAINT rides_pkey PRIMARY KEY (city, id),
    CONSTRAINT rides_rider_city_rider_id_fkey FOREIGN KEY(rider_city, rider_id) REFERENCES users (city, id),
    CONSTRAINT rides_city_vehicle_id_fkey FOREIGN KEY(city, vehicle_id) REFERENCES vehicles (city, id),
    CONSTRAINT rides_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT rides_start_location_check CHECK (length(btrim(start_location)) BETWEEN 1 AND 200 AND start_location !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT rides_end_location_check CHECK (length(btrim(end_location)) BETWEEN 1 AND 200 AND end_location !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT rides_ended_check CHECK ((end_time IS NULL) = (end_location IS NULL) AND (end_time IS NULL) = (length IS NULL) AND end_time >= start_time),
    CONSTRAINT rides_distance_check CHECK (distance >= 0),
    CONSTRAINT rides_undone_check CHECK ((NOT undone OR end_time IS NOT NULL) AND (undone OR undo_reason IS NULL)),
    CONSTRAINT rides_undo_reason_check CHECK (length(btrim(undo_reason)) BETWEEN 1 AND 300 AND undo_reason !~ '[<>\x01-\x1f\x7f]'),
    INDEX rides_city_start_time_idx (city, start_time) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX rides_city_vehicle_id_start_time_idx (city, vehicle_id, start_time) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX rides_rider_city_rider_id_start_time_id_idx (rider_city, rider_id, start_time, id) PARTITION BY LIST (rider_city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

-- Each partition stays in its region.
ALTER PARTITION us_east OF INDEX movr.public.agency_tokens@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.agency_tokens@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.agency_tokens@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.audit_entries@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.audit_entries@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.audit_entries@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.idempotency_keys@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.idempotency_keys@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.idempotency_keys@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.ledger_entries@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.ledger_entries@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.ledger_entries@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.outbox@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.outbox@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.outbox@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.reports@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.reports@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.reports@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.staff_roles@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.staff_roles@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.staff_roles@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.tariffs@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.tariffs@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.tariffs@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.users@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.users@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.users@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.vehicle_events@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.vehicle_events@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.vehicle_events@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.zones@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.zones@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.zones@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.api_tokens@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.api_tokens@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.api_tokens@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.ride_totals@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.ride_totals@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.ride_totals@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.vehicles@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.vehicles@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.vehicles@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.rides@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.rides@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.rides@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';

-- The schema's history, as Alembic keeps it.
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO alembic_version VALUES ('0030');








INSERT INTO tariffs (city, vehicle_type, valid_from, unlock_fee, per_minute, daily_cap, owner_percent) VALUES
    ('new york', 'bike', '1970-01-01 00:00:00+00:00', 100, 20, 1800, 70),
    ('new york', 'scooter', '1970-01-01 00:00:00+00:00', 100, 39, 2500, 70),
    ('new york', 'skateboard', '1970-01-01 00:00:00+00:00', 50, 15, 1200, 70),
    ('boston', 'bike', '1970-01-01 00:00:00+00:00', 100, 20, 1800, 70),
    ('boston', 'scooter', '1970-01-01 00:00:00+00:00', 100, 39, 2500, 70),
    ('boston', 'skateboard', '1970-01-01 00:00:00+00:00', 50, 15, 1200, 70),
    ('washington dc', 'bike', '1970-01-01 00:00:00+00:00', 100, 20, 1800, 70),
    ('washington dc', 'scooter', '1970-01-01 00:00:00+00:00', 100, 39, 2500, 70),
    ('washington dc', 'skateboard', '1970-01-01 00:00:00+00:00', 50, 15, 1200, 70),
    ('seattle', 'bike', '1970-01-01 00:00:00+00:00', 100, 20, 1800, 70),
    ('seattle', 'scooter', '1970-01-01 00:00:00+00:00', 100, 39, 2500, 70),
    ('seattle', 'skateboard', '1970-01-01 00:00:00+00:00', 50, 15, 1200, 70),
    ('san francisco', 'bike', '1970-01-01 00:00:00+00:00', 100, 20, 1800, 70),
    ('san francisco', 'scooter', '1970-01-01 00:00:00+00:00', 100, 39, 2500, 70),
    ('san francisco', 'skateboard', '1970-01-01 00:00:00+00:00', 50, 15, 1200, 70),
    ('los angeles', 'bike', '1970-01-01 00:00:00+00:00', 100, 20, 1800, 70),
    ('los angeles', 'scooter', '1970-01-01 00:00:00+00:00', 100, 39, 2500, 70),
    ('los angeles', 'skateboard', '1970-01-01 00:00:00+00:00', 50, 15, 1200, 70),
    ('amsterdam', 'bike', '1970-01-01 00:00:00+00:00', 100, 15, 1500, 70),
    ('amsterdam', 'scooter', '1970-01-01 00:00:00+00:00', 100, 25, 2000, 70),
    ('amsterdam', 'skateboard', '1970-01-01 00:00:00+00:00', 50, 12, 1000, 70),
    ('paris', 'bike', '1970-01-01 00:00:00+00:00', 100, 15, 1500, 70),
    ('paris', 'scooter', '1970-01-01 00:00:00+00:00', 100, 25, 2000, 70),
    ('paris', 'skateboard', '1970-01-01 00:00:00+00:00', 50, 12, 1000, 70),
    ('rome', 'bike', '1970-01-01 00:00:00+00:00', 100, 15, 1500, 70),
    ('rome', 'scooter', '1970-01-01 00:00:00+00:00', 100, 25, 2000, 70),
    ('rome', 'skateboard', '1970-01-01 00:00:00+00:00', 50, 12, 1000, 70);

INSERT INTO users (city, id, first_name, last_name, email, username, password_hash, is_owner, active_ride_city, active_ride_id, active_ride_type, active_ride_brand, active_ride_start, active_ride_latitude, active_ride_longitude, cities_ridden) VALUES
    ('new york', 'dd3b44f4-00b9-4db0-a686-f47b2756f2bc', 'Brandon', 'Foster', 'new-york-dd3b44f400b9@example.com', 'demo-owner', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[]::VARCHAR[]),
    ('new york', '20c657ab-8352-403b-9e48-60f6512424e6', 'Rachel', 'Peters', 'new-york-20c657ab8352@example.com', 'demo-rider', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['new york']::VARCHAR[]),
    ('new york', '5e83eb02-2ea2-442a-ba3b-c3967cbac1d3', 'Wendy', 'Robinson', 'new-york-5e83eb022ea2@example.com', 'new-york-5e83eb022ea2', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['new york']::VARCHAR[]),
    ('boston', 'ff325c81-7fe2-460c-b6b5-9b41d3cdea9a', 'Rickey', 'Dickerson', 'boston-ff325c817fe2@example.com', 'boston-ff325c817fe2', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[]::VARCHAR[]),
    ('boston', 'b57f0b03-92e5-4399-a089-271efdb6e1f2', 'Julie', 'Pena', 'boston-b57f0b0392e5@example.com', 'boston-b57f0b0392e5', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['boston']::VARCHAR[]),
    ('boston', '832e555e-bbbf-4afa-ba98-8ab71beacdef', 'Martha', 'Ruiz', 'boston-832e555ebbbf@example.com', 'boston-832e555ebbbf', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['boston']::VARCHAR[]),
    ('washington dc', '2d84cbf0-0b3d-4d0d-96e4-3c736eabe3ce', 'Alicia', 'Rose', 'washington-dc-2d84cbf00b3d@example.com', 'washington-dc-2d84cbf00b3d', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[]::VARCHAR[]),
    ('washington dc', '06acb904-7f30-42cd-b97e-cc2de0b6e257', 'Katelyn', 'Riggs', 'washington-dc-06acb9047f30@example.com', 'washington-dc-06acb9047f30', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['washington dc']::VARCHAR[]),
    ('washington dc', '1d06212b-fbac-4144-b30c-8a6b2df491f8', 'Melissa', 'Marshall', 'washington-dc-1d06212bfbac@example.com', 'washington-dc-1d06212bfbac', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['washington dc']::VARCHAR[]),
    ('seattle', 'fd7199eb-9eb7-483d-84b2-da6f6778da36', 'Derek', 'Mills', 'seattle-fd7199eb9eb7@example.com', 'seattle-fd7199eb9eb7', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[]::VARCHAR[]),
    ('seattle', 'aaf49d53-a28f-4edc-a363-ca8e8c200dbd', 'David', 'Hodges', 'seattle-aaf49d53a28f@example.com', 'seattle-aaf49d53a28f', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['seattle']::VARCHAR[]),
    ('seattle', 'bffee05c-a1c4-4d61-9ae8-3458c08bee58', 'Alec', 'Oneal', 'seattle-bffee05ca1c4@example.com', 'seattle-bffee05ca1c4', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['seattle']::VARCHAR[]),
    ('san francisco', 'ebca16e4-dc82-406c-a17a-e1ea0af1a005', 'Penny', 'Farley', 'san-francisco-ebca16e4dc82@example.com', 'san-francisco-ebca16e4dc82', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[]::VARCHAR[]),
    ('san francisco', 'aebf6f60-46c2-4972-b61c-a4f8905b4748', 'Curtis', 'Alvarado', 'san-francisco-aebf6f6046c2@example.com', 'san-francisco-aebf6f6046c2', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['san francisco']::VARCHAR[]),
    ('san francisco', 'dbdfde4d-5b9e-47e8-b8cd-1a91eb0941c0', 'Maurice', 'Mcknight', 'san-francisco-dbdfde4d5b9e@example.com', 'san-francisco-dbdfde4d5b9e', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['san francisco']::VARCHAR[]),
    ('los angeles', 'bcab5277-f8c4-4b0a-9a65-398b7e2c9f03', 'Elizabeth', 'Harris', 'los-angeles-bcab5277f8c4@example.com', 'los-angeles-bcab5277f8c4', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[]::VARCHAR[]),
    ('los angeles', '048607bc-5d84-46e9-a6f0-0e17cf93a130', 'Mark', 'White', 'los-angeles-048607bc5d84@example.com', 'los-angeles-048607bc5d84', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['los angeles']::VARCHAR[]),
    ('los angeles', '1f707d9a-c84a-457b-ac6b-bbfff2809465', 'Toni', 'Berry', 'los-angeles-1f707d9ac84a@example.com', 'los-angeles-1f707d9ac84a', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['los angeles']::VARCHAR[]),
    ('amsterdam', '89b8bf00-009d-4be0-9772-5ec997bb7f54', 'Robin', 'den Haag', 'amsterdam-89b8bf00009d@example.com', 'amsterdam-89b8bf00009d', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[]::VARCHAR[]),
    ('amsterdam', '6421b5c0-61e4-4a69-8284-0e5462f04511', 'Nadia', 'Bronder', 'amsterdam-6421b5c061e4@example.com', 'amsterdam-6421b5c061e4', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['amsterdam']::VARCHAR[]),
    ('amsterdam', '33087f4e-cac4-49bb-a9a5-d0e094913084', 'Max', 'Haneberg', 'amsterdam-33087f4ecac4@example.com', 'amsterdam-33087f4ecac4', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['amsterdam']::VARCHAR[]),
    ('paris', '25f5c17f-0a8e-45ea-83ba-483d90776d65', 'Maggie', 'Besnard', 'paris-25f5c17f0a8e@example.com', 'paris-25f5c17f0a8e', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[]::VARCHAR[]),
    ('paris', '6a7cee3f-b141-49f2-a689-299d3b4ad9d3', 'Diane', 'Martineau', 'paris-6a7cee3fb141@example.com', 'paris-6a7cee3fb141', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['paris']::VARCHAR[]),
    ('paris', 'ab33659b-e635-44c3-ad42-bbab317ef136', 'Odette', 'Descamps', 'paris-ab33659be635@example.com', 'paris-ab33659be635', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['paris']::VARCHAR[]),
    ('rome', '1bab972d-de65-4ef4-8761-571788bf64f8', 'Vanessa', 'Lamborghini', 'rome-1bab972dde65@example.com', 'rome-1bab972dde65', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[]::VARCHAR[]),
    ('rome', '64b4fbe3-5a61-4436-a965-af74facd6fbd', 'Milena', 'Barozzi', 'rome-64b4fbe35a61@example.com', 'rome-64b4fbe35a61', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['rome']::VARCHAR[]),
    ('rome', 'bab2cab4-bac2-4144-a097-ae7c0152f4a1', 'Rosario', 'Garibaldi', 'rome-bab2cab4bac2@example.com', 'rome-bab2cab4bac2', '$argon2id$v=19$m=65536,t=3,p=4$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY['rome']::VARCHAR[]);

INSERT INTO vehicle_events (city, id, vehicle_id, happened_at, event_types, previous_state, state, ride_id) VALUES
    ('new york', '455d2d1a-7b64-5e77-a456-7b2dc3af9272', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', '2019-02-15 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('new york', '437ab8d2-ab11-5e9d-b28d-756fa943581b', '342500a4-890e-48ae-bea4-80e1a8501292', '2019-08-04 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('new york', '52b643bb-d903-5bb8-8bd3-08fd716ace19', '075c5d49-ecc0-4994-8246-a1df31250df1', '2019-09-18 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('new york', 'c491811f-b04c-513a-a49e-253d3e8e4daa', '061c2451-4222-45d5-bca7-284bfc221be3', '2019-03-16 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('boston', 'c61e06c7-c154-5048-9166-bfb0d0a180d2', '4af7efef-abd8-4e88-8f9f-40c17b274881', '2019-06-15 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('boston', '049b93b4-eb2c-561e-8285-76b73fe1c4a0', 'e12d85b5-a1cc-4caf-ba35-3afcbcd0658a', '2019-06-23 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('boston', '65f6ad8c-7de7-5ab2-82c5-fe0034b1ad32', 'a3876a13-2574-4add-a1a2-bccdbbd42470', '2019-05-05 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('boston', 'ce8931a8-757e-5955-bb6e-6800f8ed7fe0', '47900fab-7d24-4da3-874f-71f9bc542280', '2019-09-21 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('washington dc', '84571c90-7ec2-568f-993c-4d2957ba2889', '0336c37c-e553-4ded-b350-62d5c6f8c56c', '2019-03-18 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('washington dc', '89f07119-070f-5ac2-aa78-14dcd769b8be', '7cc180d6-16e8-4658-a88c-0a0bf5bc2b21', '2019-08-11 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('washington dc', 'a3bcbae3-0d51-5118-9fe2-12a1e7bdab62', '4654b6c7-c1f3-43e6-a9df-1dfccfed7ca5', '2019-09-10 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('washington dc', 'db2f25aa-2803-5f1c-9227-5316757780e9', '37bcd107-f1a1-44a1-aa37-b51e7e505636', '2019-04-14 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('seattle', 'a7c2dab5-b73a-5115-a356-a5df52faeda2', 'b51729ca-d36f-4072-a2a7-14afef71bb4b', '2019-04-18 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('seattle', '9b13923e-180b-586a-a94f-ad178e9a88b5', '911864ca-0c12-4420-984c-f5642a096590', '2019-08-19 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('seattle', 'cf0b2b2b-7cfa-5029-8b9a-207b55df050d', 'eec3ea67-cb4b-44f7-b21a-3f1339188196', '2019-03-03 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('seattle', '1f4a2d73-830a-5b8a-8aed-5124386de790', 'da3aefc7-707e-47c2-ad1c-df20d7cec6a0', '2019-06-19 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('san francisco', '6370b4f8-193a-5ac6-a965-243bc6e1faf0', '14e18955-6cac-4a48-8aa0-0406885313f4', '2019-03-30 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('san francisco', 'aeb55b9d-1279-57dc-b1d3-7517b967f7ff', '4bd98598-89ff-4160-904a-378f7d06c25e', '2019-04-22 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('san francisco', '1752736f-cd31-513a-9261-147dd812807f', '1f956a12-d614-469c-9b23-133659b7a262', '2019-07-21 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('san francisco', 'b2dbbaa3-0243-5092-beb0-44eeeb335fb4', 'b194d7e6-054c-446a-846d-26f269816264', '2019-02-13 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('los angeles', '69726b0f-0a8e-50a0-9006-a762eabeabed', '39b0b5e2-3b80-47cf-8e6a-188995eafb50', '2019-04-13 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('los angeles', '908e96c5-b811-5423-9fb0-277a259a8f64', '2c609a6b-99ba-4b8b-9214-b0c0794e2685', '2019-09-14 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('los angeles', '69f28f4d-f94c-5c79-b653-e83ee028ba05', '04ffde7c-6055-4fa2-b994-0350714c657a', '2019-09-24 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('los angeles', '4a226015-e6d1-5be5-9950-7cb203b64457', '76e2ec6d-5e95-4c75-9d13-7a87ce7ea92e', '2019-07-17 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('amsterdam', '411e80f5-264d-58aa-a3e4-b2b8330801f0', 'abbf4355-121d-4933-ae97-44d55fd79259', '2019-09-12 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('amsterdam', 'ae0bd246-b9da-5563-a845-fbb88aa8de52', '321d3efd-8a1c-4c12-a18b-b30d424596f3', '2019-04-18 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('amsterdam', 'a627f274-e159-5ec8-9d12-032bf16a7dab', 'd349aaca-5304-4415-b902-e4e69a52e360', '2019-05-14 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('amsterdam', '9a822af7-8139-55cb-a20e-47505f208413', 'aac3daf8-426a-42be-a52a-a26c45389462', '2019-01-18 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('paris', '8b33b36e-ad23-52a7-ab87-3f1b7394fcdd', 'e6ff8569-e63e-4966-a483-434a8ea04fdc', '2019-04-24 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('paris', '116bba64-d128-592a-b608-f5f9d23a34b2', 'd0d68e98-9c16-4854-a394-0c5b945cd867', '2019-05-30 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('paris', 'fb5b89d3-f126-55b6-a85f-519b288f7257', 'd07628b5-9526-4c36-8a43-a569720ba964', '2019-05-24 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('paris', '80e150ce-d294-5884-95f5-10ca4db6b760', 'db65ce4b-d613-49af-9808-42fdd2fe7fb1', '2019-07-14 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('rome', '5b53032f-8300-5a9a-aef1-4aa926c60495', '73107012-0b22-4c8a-baa9-f934e2615c02', '2019-06-20 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('rome', 'f26b2cb8-116a-5094-80f0-0e9ebc40694d', 'f06852e3-74b7-41c9-afc5-2f03a77dc69b', '2019-09-18 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('rome', 'f564aa3f-c45b-5c04-a006-25c32325da74', '7ec47bdb-8b16-4a98-81ea-33409c82de6f', '2019-09-20 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('rome', '908b8fb3-5373-565f-bac4-7607bb07eb23', '5efba093-0941-44ee-874d-f26c2d0c0b3d', '2019-09-19 12:00:00+00:00', ARRAY['provider_drop_off']::VARCHAR[], 'removed', 'available', NULL),
    ('new york', 'e25a24ac-f66a-52a2-99d5-9abd50e328fb', '075c5d49-ecc0-4994-8246-a1df31250df1', '2019-10-21 18:13:57.361666+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '5f467660-6613-47a8-ac9b-5fd32fc28b6a'),
    ('new york', '9fff28c2-2f21-52ea-9c16-d25abddcac2a', '075c5d49-ecc0-4994-8246-a1df31250df1', '2019-10-21 18:44:51.361666+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '5f467660-6613-47a8-ac9b-5fd32fc28b6a'),
    ('new york', 'eb884263-e1fc-51cc-86a1-b7954645ecfe', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', '2019-10-22 18:56:42.650253+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '021ecb50-00c5-4ebe-b9bb-8bba9033ce03'),
    ('new york', 'f7cd793a-3391-53f6-8e55-04bd082663d6', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', '2019-10-22 19:07:25.650253+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '021ecb50-00c5-4ebe-b9bb-8bba9033ce03'),
    ('new york', '20bfbe39-3dfb-5cac-8268-074dc0b87e68', '342500a4-890e-48ae-bea4-80e1a8501292', '2019-10-29 06:24:37.708815+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '450fe133-adee-4b3b-b5fb-12665e158d59'),
    ('new york', 'a83bebdd-23aa-5f4f-be9c-6f1d2a67eaf5', '342500a4-890e-48ae-bea4-80e1a8501292', '2019-10-29 06:51:56.708815+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '450fe133-adee-4b3b-b5fb-12665e158d59'),
    ('new york', '488dec04-8072-5964-9a25-67b050c534cf', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', '2019-10-29 06:26:44.388122+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'ad111493-f233-4ff7-a319-03693b59c60e'),
    ('new york', 'cbfba8ae-4d3b-58b8-8742-013caeb945ba', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', '2019-10-29 07:06:12.388122+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'ad111493-f233-4ff7-a319-03693b59c60e'),
    ('new york', '0f95611f-01d2-56e1-bd62-3fa0f1f5f5de', '075c5d49-ecc0-4994-8246-a1df31250df1', '2019-10-30 10:44:11.989841+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '73fb2397-d5d8-4a28-b18a-d77a9c053457'),
    ('new york', '8d635996-bff0-50d9-a671-9b89a55a1caf', '075c5d49-ecc0-4994-8246-a1df31250df1', '2019-10-30 11:18:34.989841+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '73fb2397-d5d8-4a28-b18a-d77a9c053457'),
    ('new york', 'dd6a65be-e663-52a9-8be2-b2d5e1633796', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', '2019-11-11 07:49:10.278844+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'f0284f61-09b2-4f67-99b4-a2c3344c3ac3'),
    ('new york', '23237792-278a-5637-9d36-1787c58d9fb3', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', '2019-11-11 08:16:18.278844+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'f0284f61-09b2-4f67-99b4-a2c3344c3ac3'),
    ('boston', '341aa64a-3e0f-56f5-b3e1-8a7f7f116d69', 'a3876a13-2574-4add-a1a2-bccdbbd42470', '2019-10-14 03:22:51.586304+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'd6b80449-6d67-4107-991d-ee2480372443'),
    ('boston', '9887d6ec-c115-5511-82f5-2f5050af9c83', 'a3876a13-2574-4add-a1a2-bccdbbd42470', '2019-10-14 03:51:30.586304+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'd6b80449-6d67-4107-991d-ee2480372443');
INSERT INTO vehicle_events (city, id, vehicle_id, happened_at, event_types, previous_state, state, ride_id) VALUES
    ('boston', 'e3365728-74f5-5368-8c58-777a28d10ac3', '4af7efef-abd8-4e88-8f9f-40c17b274881', '2019-10-22 22:44:54.784531+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '047a7036-e13c-48be-8a1e-5e12891a0e7f'),
    ('boston', 'f5cac4a6-c573-56ca-b2e8-b895e642373b', '4af7efef-abd8-4e88-8f9f-40c17b274881', '2019-10-22 23:17:35.784531+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '047a7036-e13c-48be-8a1e-5e12891a0e7f'),
    ('boston', '290fdeb1-f6da-5536-81bd-a92bb9cd1c72', 'a3876a13-2574-4add-a1a2-bccdbbd42470', '2019-10-31 01:27:04.983415+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'bd499cca-e0ce-4cea-93aa-a90b09b4ab34'),
    ('boston', '4735b41e-8cf5-5d40-aaaf-d7c415f2f96c', 'a3876a13-2574-4add-a1a2-bccdbbd42470', '2019-10-31 01:49:52.983415+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'bd499cca-e0ce-4cea-93aa-a90b09b4ab34'),
    ('boston', '80a40130-41da-5b97-98bb-07c3f7596d9d', 'a3876a13-2574-4add-a1a2-bccdbbd42470', '2019-11-02 00:20:50.866696+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'd3603bc2-69d2-4b9f-b8d3-bc0c6f3c3bdb'),
    ('boston', 'faaa67a8-9ab5-54cc-9fbd-e02be406f038', 'a3876a13-2574-4add-a1a2-bccdbbd42470', '2019-11-02 00:47:14.866696+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'd3603bc2-69d2-4b9f-b8d3-bc0c6f3c3bdb'),
    ('boston', '9928a354-ea6b-593d-9eb0-cbb6009bfb9a', '4af7efef-abd8-4e88-8f9f-40c17b274881', '2019-11-02 08:50:18.599803+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '221a4f79-5a34-4388-b868-57e9c4ec19e0'),
    ('boston', 'b302f4b1-e2bf-5e19-b0ec-70b3a00d6149', '4af7efef-abd8-4e88-8f9f-40c17b274881', '2019-11-02 09:13:37.599803+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '221a4f79-5a34-4388-b868-57e9c4ec19e0'),
    ('boston', '4291a312-860f-5645-a6b1-d1c271ab1f20', '4af7efef-abd8-4e88-8f9f-40c17b274881', '2019-11-09 15:04:53.973412+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'eb838ab5-cce7-4f0d-b86a-73f63c652b75'),
    ('boston', '6307e2fa-4a4d-5376-8c69-3fdb1902e7cc', '4af7efef-abd8-4e88-8f9f-40c17b274881', '2019-11-09 15:25:00.973412+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'eb838ab5-cce7-4f0d-b86a-73f63c652b75'),
    ('washington dc', '4b63d8fc-f40a-5521-8b61-45383a43e941', '0336c37c-e553-4ded-b350-62d5c6f8c56c', '2019-10-16 00:55:20.017731+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'fe83b3e7-21be-43c7-82b9-e41dc7c84994'),
    ('washington dc', '858ae111-b6fd-5cda-a082-fd4afc1fb5b9', '0336c37c-e553-4ded-b350-62d5c6f8c56c', '2019-10-16 01:13:42.017731+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'fe83b3e7-21be-43c7-82b9-e41dc7c84994'),
    ('washington dc', 'a77ddb34-fbc1-51d8-99f7-d577b2bd8b30', '0336c37c-e553-4ded-b350-62d5c6f8c56c', '2019-10-17 23:20:17.654307+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'fd7d34f2-65f6-4618-b90f-8d53444adbb8'),
    ('washington dc', '5269d236-a2c1-56ea-a24a-1899a8427636', '0336c37c-e553-4ded-b350-62d5c6f8c56c', '2019-10-18 00:04:05.654307+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'fd7d34f2-65f6-4618-b90f-8d53444adbb8'),
    ('washington dc', '7aee1a28-e798-53e5-8ea7-a0d9e54e9846', '0336c37c-e553-4ded-b350-62d5c6f8c56c', '2019-10-31 09:31:13.401199+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'fd62502c-124a-4da4-b6a6-e0e251f3f65f'),
    ('washington dc', 'cd6102a0-d25e-5990-99a8-aab0c3799190', '0336c37c-e553-4ded-b350-62d5c6f8c56c', '2019-10-31 09:52:47.401199+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'fd62502c-124a-4da4-b6a6-e0e251f3f65f'),
    ('washington dc', '1a602e01-497f-5bbe-90bf-f53a25d862c0', '4654b6c7-c1f3-43e6-a9df-1dfccfed7ca5', '2019-11-01 19:21:06.642724+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'acbf9826-f9d1-4941-92c2-f49c63ff92d0'),
    ('washington dc', '5ff75d9a-f164-5f74-bdd6-bf5e077a3dc8', '4654b6c7-c1f3-43e6-a9df-1dfccfed7ca5', '2019-11-01 20:04:58.642724+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'acbf9826-f9d1-4941-92c2-f49c63ff92d0'),
    ('washington dc', '619878ee-f6bf-5b4d-b2a5-bad93c200ad2', '7cc180d6-16e8-4658-a88c-0a0bf5bc2b21', '2019-11-09 04:31:40.405935+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '582c0bfa-2966-48cc-861d-42ddd478fc34'),
    ('washington dc', '302fe2b7-6bf0-5cf9-a778-a16da1d78ea4', '7cc180d6-16e8-4658-a88c-0a0bf5bc2b21', '2019-11-09 05:15:07.405935+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '582c0bfa-2966-48cc-861d-42ddd478fc34'),
    ('washington dc', 'f8b3f730-3eb9-50e0-baee-64f4abeed902', '4654b6c7-c1f3-43e6-a9df-1dfccfed7ca5', '2019-11-10 23:43:12.478180+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '166bd612-c2ec-4b15-92b9-81e68023f8a7'),
    ('washington dc', '4baedeaa-2008-5e37-9877-702d410c01ce', '4654b6c7-c1f3-43e6-a9df-1dfccfed7ca5', '2019-11-11 00:08:45.478180+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '166bd612-c2ec-4b15-92b9-81e68023f8a7'),
    ('seattle', '5337e3cc-9b34-5c76-8520-b5429b58d7cb', 'b51729ca-d36f-4072-a2a7-14afef71bb4b', '2019-10-16 11:22:03.634380+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '953225ab-32b2-4904-aa27-8cce2c28cdad'),
    ('seattle', 'cc61eebc-a190-55fc-a708-fa8d8e6d19ba', 'b51729ca-d36f-4072-a2a7-14afef71bb4b', '2019-10-16 11:44:10.634380+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '953225ab-32b2-4904-aa27-8cce2c28cdad'),
    ('seattle', '202522eb-cb5f-54c4-94ca-421d2eb5ffa9', 'eec3ea67-cb4b-44f7-b21a-3f1339188196', '2019-10-20 11:33:16.429488+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'f366b4a5-6df5-4e0f-a887-dd10ec2f4bbc'),
    ('seattle', '685ae98a-afaa-58cd-92a3-6600fefd06ff', 'eec3ea67-cb4b-44f7-b21a-3f1339188196', '2019-10-20 11:56:10.429488+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'f366b4a5-6df5-4e0f-a887-dd10ec2f4bbc'),
    ('seattle', '0b514446-d46d-5556-9deb-69a118f16403', 'eec3ea67-cb4b-44f7-b21a-3f1339188196', '2019-10-29 15:52:26.388146+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '19c2cd84-0c5d-4b36-ab37-9c95f6f2f33b'),
    ('seattle', 'b1c4fc92-853b-50c2-bc2a-2b23f6c5fdcb', 'eec3ea67-cb4b-44f7-b21a-3f1339188196', '2019-10-29 15:57:55.388146+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '19c2cd84-0c5d-4b36-ab37-9c95f6f2f33b'),
    ('seattle', '7bc13471-034a-5513-97ce-ec0533ba1780', '911864ca-0c12-4420-984c-f5642a096590', '2019-11-06 07:55:25.659170+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '6ca6d6da-11e1-4518-a634-3b4c78d0dd7a'),
    ('seattle', '5f719349-387a-570b-a412-d4e855fe15a2', '911864ca-0c12-4420-984c-f5642a096590', '2019-11-06 08:07:25.659170+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '6ca6d6da-11e1-4518-a634-3b4c78d0dd7a'),
    ('seattle', 'bd940b8b-322d-50d0-8f66-ce4d7b53d6ce', '911864ca-0c12-4420-984c-f5642a096590', '2019-11-08 01:11:45.301847+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '5e2bba9a-edcc-41d4-b3cd-a9fea8789e6f'),
    ('seattle', '94d329f9-bad1-56a7-8a9d-053687511808', '911864ca-0c12-4420-984c-f5642a096590', '2019-11-08 01:48:57.301847+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '5e2bba9a-edcc-41d4-b3cd-a9fea8789e6f'),
    ('seattle', 'e037802b-8d96-58d7-9b41-59114edc4e4f', 'eec3ea67-cb4b-44f7-b21a-3f1339188196', '2019-11-12 07:21:57.386530+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '3f9657c9-abe5-4cdd-99a4-d57d297512ce'),
    ('seattle', '6f1aa31c-0710-5ca8-a3ce-e9c0342a79dc', 'eec3ea67-cb4b-44f7-b21a-3f1339188196', '2019-11-12 07:38:13.386530+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '3f9657c9-abe5-4cdd-99a4-d57d297512ce'),
    ('san francisco', '4a19781b-fb52-5680-a44b-7c22a8933a2f', '1f956a12-d614-469c-9b23-133659b7a262', '2019-10-21 10:51:45.200779+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '78830fee-522d-43b0-a9bb-7c1710d4bea6'),
    ('san francisco', '1e91e790-36a2-5dad-8bfd-9dd1807916d2', '1f956a12-d614-469c-9b23-133659b7a262', '2019-10-21 10:57:53.200779+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '78830fee-522d-43b0-a9bb-7c1710d4bea6'),
    ('san francisco', '56ddb033-889d-5530-923c-58a9f57064a6', '4bd98598-89ff-4160-904a-378f7d06c25e', '2019-10-21 18:36:43.613490+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '0575ee31-9ff2-4ce2-915e-f11315829c59'),
    ('san francisco', '6feaf910-167d-5021-8068-3e659f1e0ab8', '4bd98598-89ff-4160-904a-378f7d06c25e', '2019-10-21 19:12:34.613490+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '0575ee31-9ff2-4ce2-915e-f11315829c59'),
    ('san francisco', '4e5e29a9-b57c-5928-b306-a451be0435b9', '1f956a12-d614-469c-9b23-133659b7a262', '2019-10-27 17:50:09.430437+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'b2f51923-f76f-4bf6-bcfc-10ae2f42aafb'),
    ('san francisco', '644a45f3-940d-5be7-91a2-1a98e4005490', '1f956a12-d614-469c-9b23-133659b7a262', '2019-10-27 18:18:29.430437+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'b2f51923-f76f-4bf6-bcfc-10ae2f42aafb'),
    ('san francisco', 'a158019e-8a85-5fab-b5ac-24257fa3a27c', '1f956a12-d614-469c-9b23-133659b7a262', '2019-10-30 16:25:16.577608+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '7088b7ef-6f45-435d-abdd-0d8f59f1877c'),
    ('san francisco', 'e4376144-42d0-5294-9e7f-6e3d3ec1a221', '1f956a12-d614-469c-9b23-133659b7a262', '2019-10-30 17:02:09.577608+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '7088b7ef-6f45-435d-abdd-0d8f59f1877c'),
    ('san francisco', 'a117727a-4fc6-51d4-8e50-3c3a0c29c06b', '14e18955-6cac-4a48-8aa0-0406885313f4', '2019-10-31 15:52:56.029213+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'c84a5cfb-49e8-41a5-9098-4898a6e1b546'),
    ('san francisco', 'f86a4fbb-0a89-5a51-ae68-11b9e7f738cf', '14e18955-6cac-4a48-8aa0-0406885313f4', '2019-10-31 16:26:55.029213+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'c84a5cfb-49e8-41a5-9098-4898a6e1b546'),
    ('san francisco', '8d20b2de-f2b6-5c04-b8ac-641eeb3181b7', 'b194d7e6-054c-446a-846d-26f269816264', '2019-11-04 02:21:21.202947+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'f7f052f8-9d40-4dc8-a7c7-60ff8f393933'),
    ('san francisco', '372fd935-2711-5a4b-9826-a2f1d8f0e1f0', 'b194d7e6-054c-446a-846d-26f269816264', '2019-11-04 02:51:42.202947+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'f7f052f8-9d40-4dc8-a7c7-60ff8f393933'),
    ('los angeles', '512a8f07-eec3-508c-826d-62c592dd2cd5', '2c609a6b-99ba-4b8b-9214-b0c0794e2685', '2019-10-18 05:11:32.334682+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '73208418-c5f1-4632-8ef3-1b9b4549f951'),
    ('los angeles', '69a99960-0eb9-52c3-a8b6-ac80c3b8de8b', '2c609a6b-99ba-4b8b-9214-b0c0794e2685', '2019-10-18 05:52:19.334682+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '73208418-c5f1-4632-8ef3-1b9b4549f951'),
    ('los angeles', '9d0faf80-244a-521d-ba93-e6c30083af39', '39b0b5e2-3b80-47cf-8e6a-188995eafb50', '2019-11-01 13:02:28.478687+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'fe31d4a7-5d5f-4e70-8ee7-c15c5ae56891'),
    ('los angeles', 'a9e00243-d42d-532d-8d1c-b022ebc2da41', '39b0b5e2-3b80-47cf-8e6a-188995eafb50', '2019-11-01 13:46:21.478687+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'fe31d4a7-5d5f-4e70-8ee7-c15c5ae56891');
INSERT INTO vehicle_events (city, id, vehicle_id, happened_at, event_types, previous_state, state, ride_id) VALUES
    ('los angeles', 'f46046fb-a9fa-53c4-ab48-121449cced5c', '04ffde7c-6055-4fa2-b994-0350714c657a', '2019-11-05 07:25:47.708531+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '7a94f3d0-7b7b-4a89-a053-d2cf13f7e201'),
    ('los angeles', '7d025715-ee32-53ec-ba79-d9128516414c', '04ffde7c-6055-4fa2-b994-0350714c657a', '2019-11-05 07:46:41.708531+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '7a94f3d0-7b7b-4a89-a053-d2cf13f7e201'),
    ('los angeles', '01762ba7-3473-5f83-82d9-2fe78a146a29', '04ffde7c-6055-4fa2-b994-0350714c657a', '2019-11-06 11:17:09.682413+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '6f7e3a59-f5d0-41ce-9cd9-3dcc44a7ebec'),
    ('los angeles', 'f5aa70b4-e9f2-5117-af19-705235831a6d', '04ffde7c-6055-4fa2-b994-0350714c657a', '2019-11-06 11:38:50.682413+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '6f7e3a59-f5d0-41ce-9cd9-3dcc44a7ebec'),
    ('los angeles', '0b8c8d2c-bd48-5279-b563-df83f49c32e1', '76e2ec6d-5e95-4c75-9d13-7a87ce7ea92e', '2019-11-10 14:38:59.668860+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '21fcaf99-6d5d-4e5c-bf60-e33e39754d5f'),
    ('los angeles', '4d663a05-d020-5167-b878-1f537dfe36eb', '76e2ec6d-5e95-4c75-9d13-7a87ce7ea92e', '2019-11-10 15:04:54.668860+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '21fcaf99-6d5d-4e5c-bf60-e33e39754d5f'),
    ('los angeles', '053900d2-e0cf-51a9-8a42-3e4f84b057a2', '76e2ec6d-5e95-4c75-9d13-7a87ce7ea92e', '2019-11-10 19:23:54.751012+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '9f71aa3f-7d77-4c8a-aa2f-eb4e5befb84b'),
    ('los angeles', 'cc3b984b-6b15-5803-9e55-93afb35f713b', '76e2ec6d-5e95-4c75-9d13-7a87ce7ea92e', '2019-11-10 19:29:17.751012+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '9f71aa3f-7d77-4c8a-aa2f-eb4e5befb84b'),
    ('amsterdam', '9cf2f674-f721-5470-8981-7867e3902e5d', 'd349aaca-5304-4415-b902-e4e69a52e360', '2019-10-25 05:24:58.970110+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'b2381334-3fd8-45ed-9ec7-8313cb05b2fe'),
    ('amsterdam', '01951c95-5015-52e8-ab87-7c9a9ed20ccd', 'd349aaca-5304-4415-b902-e4e69a52e360', '2019-10-25 05:33:20.970110+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'b2381334-3fd8-45ed-9ec7-8313cb05b2fe'),
    ('amsterdam', '99bbc551-bf91-5644-9c85-8e1fbc52e089', 'abbf4355-121d-4933-ae97-44d55fd79259', '2019-10-25 14:13:04.955315+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '498cde04-7904-4952-b191-f1a1d0ee1fc0'),
    ('amsterdam', '2dd2ec33-abcd-55b0-b7d3-8e6647a726a4', 'abbf4355-121d-4933-ae97-44d55fd79259', '2019-10-25 14:42:10.955315+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '498cde04-7904-4952-b191-f1a1d0ee1fc0'),
    ('amsterdam', 'b382ed83-6647-5aaf-aef4-67409e3e1d8a', 'd349aaca-5304-4415-b902-e4e69a52e360', '2019-11-07 15:17:47.876239+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'dce55b0e-b83b-48df-b22d-a4855ba3d2f0'),
    ('amsterdam', 'b3ce6569-6bab-5819-98fc-38ea1b6c0e7e', 'd349aaca-5304-4415-b902-e4e69a52e360', '2019-11-07 15:28:56.876239+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'dce55b0e-b83b-48df-b22d-a4855ba3d2f0'),
    ('amsterdam', 'c450a0cf-d8aa-5ebb-aed6-dabc0b487969', 'd349aaca-5304-4415-b902-e4e69a52e360', '2019-11-08 02:07:26.714641+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '7e384ec5-02bf-42dd-9f51-3d1064914cb6'),
    ('amsterdam', '31ee9a98-53f9-5808-8d98-3b4558e9cb46', 'd349aaca-5304-4415-b902-e4e69a52e360', '2019-11-08 02:27:20.714641+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '7e384ec5-02bf-42dd-9f51-3d1064914cb6'),
    ('amsterdam', '2bbd7557-2f52-5d39-a17d-2708b0516dde', 'd349aaca-5304-4415-b902-e4e69a52e360', '2019-11-10 07:39:12.813102+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '69737e0a-c21c-4a99-b6e1-d41a80c066fe'),
    ('amsterdam', '449b1875-c344-5729-93e5-34a695b9c309', 'd349aaca-5304-4415-b902-e4e69a52e360', '2019-11-10 08:05:45.813102+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '69737e0a-c21c-4a99-b6e1-d41a80c066fe'),
    ('amsterdam', 'dcd52b53-6eb1-51e3-a4e1-a64a88f37f0f', 'aac3daf8-426a-42be-a52a-a26c45389462', '2019-11-11 12:24:36.073298+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '26854a79-058f-4c2b-b964-32cae79d45a5'),
    ('amsterdam', 'cf98c169-a3df-5374-98c9-5dbb26f1dd5c', 'aac3daf8-426a-42be-a52a-a26c45389462', '2019-11-11 12:41:24.073298+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '26854a79-058f-4c2b-b964-32cae79d45a5'),
    ('paris', '5958744c-5220-58f0-a20c-0c2ead53bd09', 'db65ce4b-d613-49af-9808-42fdd2fe7fb1', '2019-10-15 15:16:55.185694+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '32ecc729-d83a-43ef-a71a-907f0ab0bc57'),
    ('paris', '8c5afae1-9dc0-5c59-856a-a4f3d78fe89f', 'db65ce4b-d613-49af-9808-42fdd2fe7fb1', '2019-10-15 15:59:19.185694+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '32ecc729-d83a-43ef-a71a-907f0ab0bc57'),
    ('paris', '1839d58c-a937-5473-b034-6ffc99612532', 'd07628b5-9526-4c36-8a43-a569720ba964', '2019-10-21 01:07:35.656057+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'd96ae84f-1a1b-4f13-8500-620bc29093c5'),
    ('paris', 'ae3771d5-d359-59eb-8a75-5c72d1aebd15', 'd07628b5-9526-4c36-8a43-a569720ba964', '2019-10-21 01:46:52.656057+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'd96ae84f-1a1b-4f13-8500-620bc29093c5'),
    ('paris', '25705256-bd92-58a7-9b1d-991e3a7d3566', 'e6ff8569-e63e-4966-a483-434a8ea04fdc', '2019-10-24 07:05:43.855111+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '017af035-683a-4f36-9c03-fd015cccd1df'),
    ('paris', '88ff99fc-9d5b-5c27-bfe5-27af471ec995', 'e6ff8569-e63e-4966-a483-434a8ea04fdc', '2019-10-24 07:28:28.855111+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '017af035-683a-4f36-9c03-fd015cccd1df'),
    ('paris', '0a5f6a9f-2d5a-5a09-ac11-70d01f1dbb53', 'd07628b5-9526-4c36-8a43-a569720ba964', '2019-10-27 23:46:32.369071+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '40faefda-3da6-432e-95d1-153835e05ed5'),
    ('paris', '0161b688-2000-5997-89ef-3dfc6d4624ad', 'd07628b5-9526-4c36-8a43-a569720ba964', '2019-10-27 23:54:30.369071+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '40faefda-3da6-432e-95d1-153835e05ed5'),
    ('paris', '615bb88d-3954-52ca-804b-70e70bf03602', 'd0d68e98-9c16-4854-a394-0c5b945cd867', '2019-10-30 23:48:27.293713+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'c4ee119e-cd7a-4155-b224-85a7bd47457f'),
    ('paris', 'fafbdbe2-d888-5ea0-8e6f-da0fb0d2729b', 'd0d68e98-9c16-4854-a394-0c5b945cd867', '2019-10-31 00:00:11.293713+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'c4ee119e-cd7a-4155-b224-85a7bd47457f'),
    ('paris', '5c290180-662a-557f-8a90-a94e217ed9fa', 'd0d68e98-9c16-4854-a394-0c5b945cd867', '2019-11-02 04:48:58.045486+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '27cc93b2-d6f8-4bad-a8c1-61c2a8a7ebaf'),
    ('paris', 'dcf58b19-ab91-5998-8512-aca92d0a95ac', 'd0d68e98-9c16-4854-a394-0c5b945cd867', '2019-11-02 05:16:47.045486+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '27cc93b2-d6f8-4bad-a8c1-61c2a8a7ebaf'),
    ('rome', '0b7f79b0-71b3-55fd-b9dd-599c44c0d1d5', '73107012-0b22-4c8a-baa9-f934e2615c02', '2019-10-14 22:44:41.375643+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '75ceeea4-60cf-44b4-a671-6e608e5df35a'),
    ('rome', 'ed6d06f8-bee6-5313-bc21-3f53e16731b6', '73107012-0b22-4c8a-baa9-f934e2615c02', '2019-10-14 23:07:44.375643+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '75ceeea4-60cf-44b4-a671-6e608e5df35a'),
    ('rome', 'd3200090-dcc3-5504-a92a-570e7522771c', '7ec47bdb-8b16-4a98-81ea-33409c82de6f', '2019-10-15 15:39:04.856901+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '60c67f8f-6e91-41a6-8470-19e834c4a268'),
    ('rome', 'db375139-5428-512d-91ca-74a4b4f2a70a', '7ec47bdb-8b16-4a98-81ea-33409c82de6f', '2019-10-15 16:19:22.856901+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '60c67f8f-6e91-41a6-8470-19e834c4a268'),
    ('rome', '2a8afbf6-4369-5e35-9bc1-71993a80f9bf', '7ec47bdb-8b16-4a98-81ea-33409c82de6f', '2019-10-17 01:43:18.330640+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '1e78de0e-d447-41d4-91ee-d85039c910e0'),
    ('rome', '69f43b1c-5c30-5117-beaf-54cb150ea0f6', '7ec47bdb-8b16-4a98-81ea-33409c82de6f', '2019-10-17 01:59:03.330640+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '1e78de0e-d447-41d4-91ee-d85039c910e0'),
    ('rome', '933981e9-ce20-52b9-936c-983e1813bf7b', 'f06852e3-74b7-41c9-afc5-2f03a77dc69b', '2019-10-23 22:46:53.623734+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', 'ed33362c-f622-4ef8-824f-061e71c2834c'),
    ('rome', '3cbfd863-d854-5a7f-8a3b-e74aa73ce784', 'f06852e3-74b7-41c9-afc5-2f03a77dc69b', '2019-10-23 23:28:47.623734+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', 'ed33362c-f622-4ef8-824f-061e71c2834c'),
    ('rome', '1ae19698-b251-5bd9-9292-dd638a630619', '73107012-0b22-4c8a-baa9-f934e2615c02', '2019-10-31 12:39:15.689141+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '1a272f18-b4fe-4698-bac6-96da36a46267'),
    ('rome', 'c4db735a-757b-54a1-85ad-c368fce4543e', '73107012-0b22-4c8a-baa9-f934e2615c02', '2019-10-31 12:43:23.689141+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '1a272f18-b4fe-4698-bac6-96da36a46267'),
    ('rome', '122464ac-6a62-546d-8488-16c5751f56a2', '73107012-0b22-4c8a-baa9-f934e2615c02', '2019-11-12 11:10:12.075208+00:00', ARRAY['trip_start']::VARCHAR[], 'available', 'on_trip', '19fd1409-de8d-49bf-aaa1-b27c992ba944'),
    ('rome', '5ba47483-7e53-5d42-9d2c-ca233c1233eb', '73107012-0b22-4c8a-baa9-f934e2615c02', '2019-11-12 11:35:17.075208+00:00', ARRAY['trip_end']::VARCHAR[], 'on_trip', 'available', '19fd1409-de8d-49bf-aaa1-b27c992ba944');



INSERT INTO ride_totals (city, rider_id, period, begin, rides, length, distance) VALUES
    ('new york', '20c657ab-8352-403b-9e48-60f6512424e6', 'week', '2019-10-21', 2, '0:41:37', 7281),
    ('new york', '20c657ab-8352-403b-9e48-60f6512424e6', 'month', '2019-10-01', 4, '1:55:28', 15602),
    ('new york', '5e83eb02-2ea2-442a-ba3b-c3967cbac1d3', 'week', '2019-10-28', 1, '0:27:19', 2089),
    ('new york', '5e83eb02-2ea2-442a-ba3b-c3967cbac1d3', 'month', '2019-10-01', 1, '0:27:19', 2089),
    ('new york', '20c657ab-8352-403b-9e48-60f6512424e6', 'week', '2019-10-28', 2, '1:13:51', 8321),
    ('new york', '5e83eb02-2ea2-442a-ba3b-c3967cbac1d3', 'week', '2019-11-11', 1, '0:27:08', 18),
    ('new york', '5e83eb02-2ea2-442a-ba3b-c3967cbac1d3', 'month', '2019-11-01', 1, '0:27:08', 18),
    ('boston', 'b57f0b03-92e5-4399-a089-271efdb6e1f2', 'week', '2019-10-07', 1, '0:28:39', 485),
    ('boston', 'b57f0b03-92e5-4399-a089-271efdb6e1f2', 'month', '2019-10-01', 2, '1:01:20', 3727),
    ('boston', 'b57f0b03-92e5-4399-a089-271efdb6e1f2', 'week', '2019-10-21', 1, '0:32:41', 3242),
    ('boston', '832e555e-bbbf-4afa-ba98-8ab71beacdef', 'week', '2019-10-28', 1, '0:22:48', 3635),
    ('boston', '832e555e-bbbf-4afa-ba98-8ab71beacdef', 'month', '2019-10-01', 1, '0:22:48', 3635),
    ('boston', 'b57f0b03-92e5-4399-a089-271efdb6e1f2', 'week', '2019-10-28', 2, '0:49:43', 6725),
    ('boston', 'b57f0b03-92e5-4399-a089-271efdb6e1f2', 'month', '2019-11-01', 3, '1:09:50', 9759),
    ('boston', 'b57f0b03-92e5-4399-a089-271efdb6e1f2', 'week', '2019-11-04', 1, '0:20:07', 3034),
    ('washington dc', '1d06212b-fbac-4144-b30c-8a6b2df491f8', 'week', '2019-10-14', 2, '1:02:10', 10095),
    ('washington dc', '1d06212b-fbac-4144-b30c-8a6b2df491f8', 'month', '2019-10-01', 3, '1:23:44', 15171),
    ('washington dc', '1d06212b-fbac-4144-b30c-8a6b2df491f8', 'week', '2019-10-28', 1, '0:21:34', 5076),
    ('washington dc', '06acb904-7f30-42cd-b97e-cc2de0b6e257', 'week', '2019-10-28', 1, '0:43:52', 4214),
    ('washington dc', '06acb904-7f30-42cd-b97e-cc2de0b6e257', 'month', '2019-11-01', 3, '1:52:52', 15022),
    ('washington dc', '06acb904-7f30-42cd-b97e-cc2de0b6e257', 'week', '2019-11-04', 2, '1:09:00', 10808),
    ('seattle', 'aaf49d53-a28f-4edc-a363-ca8e8c200dbd', 'week', '2019-10-14', 2, '0:45:01', 4571),
    ('seattle', 'aaf49d53-a28f-4edc-a363-ca8e8c200dbd', 'month', '2019-10-01', 3, '0:50:30', 5507),
    ('seattle', 'aaf49d53-a28f-4edc-a363-ca8e8c200dbd', 'week', '2019-10-28', 1, '0:05:29', 936),
    ('seattle', 'aaf49d53-a28f-4edc-a363-ca8e8c200dbd', 'week', '2019-11-04', 2, '0:49:12', 3180),
    ('seattle', 'aaf49d53-a28f-4edc-a363-ca8e8c200dbd', 'month', '2019-11-01', 2, '0:49:12', 3180),
    ('seattle', 'bffee05c-a1c4-4d61-9ae8-3458c08bee58', 'week', '2019-11-11', 1, '0:16:16', 2025),
    ('seattle', 'bffee05c-a1c4-4d61-9ae8-3458c08bee58', 'month', '2019-11-01', 1, '0:16:16', 2025),
    ('san francisco', 'dbdfde4d-5b9e-47e8-b8cd-1a91eb0941c0', 'week', '2019-10-21', 3, '1:10:19', 7220),
    ('san francisco', 'dbdfde4d-5b9e-47e8-b8cd-1a91eb0941c0', 'month', '2019-10-01', 4, '1:47:12', 11534),
    ('san francisco', 'dbdfde4d-5b9e-47e8-b8cd-1a91eb0941c0', 'week', '2019-10-28', 2, '1:07:14', 5804),
    ('san francisco', 'aebf6f60-46c2-4972-b61c-a4f8905b4748', 'week', '2019-10-28', 1, '0:33:59', 5000),
    ('san francisco', 'aebf6f60-46c2-4972-b61c-a4f8905b4748', 'month', '2019-10-01', 1, '0:33:59', 5000),
    ('san francisco', 'dbdfde4d-5b9e-47e8-b8cd-1a91eb0941c0', 'month', '2019-11-01', 1, '0:30:21', 1490),
    ('los angeles', '1f707d9a-c84a-457b-ac6b-bbfff2809465', 'week', '2019-10-14', 1, '0:40:47', 11509),
    ('los angeles', '1f707d9a-c84a-457b-ac6b-bbfff2809465', 'month', '2019-10-01', 1, '0:40:47', 11509),
    ('los angeles', '1f707d9a-c84a-457b-ac6b-bbfff2809465', 'week', '2019-10-28', 1, '0:43:53', 3998),
    ('los angeles', '1f707d9a-c84a-457b-ac6b-bbfff2809465', 'month', '2019-11-01', 2, '1:04:47', 9468),
    ('los angeles', '1f707d9a-c84a-457b-ac6b-bbfff2809465', 'week', '2019-11-04', 1, '0:20:54', 5470),
    ('los angeles', '048607bc-5d84-46e9-a6f0-0e17cf93a130', 'week', '2019-11-04', 3, '0:52:59', 10329),
    ('los angeles', '048607bc-5d84-46e9-a6f0-0e17cf93a130', 'month', '2019-11-01', 3, '0:52:59', 10329),
    ('amsterdam', '6421b5c0-61e4-4a69-8284-0e5462f04511', 'week', '2019-10-21', 2, '0:37:28', 5475),
    ('amsterdam', '6421b5c0-61e4-4a69-8284-0e5462f04511', 'month', '2019-10-01', 2, '0:37:28', 5475),
    ('amsterdam', '6421b5c0-61e4-4a69-8284-0e5462f04511', 'week', '2019-11-04', 2, '0:37:42', 1924),
    ('amsterdam', '6421b5c0-61e4-4a69-8284-0e5462f04511', 'month', '2019-11-01', 3, '0:54:30', 2939),
    ('amsterdam', '33087f4e-cac4-49bb-a9a5-d0e094913084', 'week', '2019-11-04', 1, '0:19:54', 617),
    ('amsterdam', '33087f4e-cac4-49bb-a9a5-d0e094913084', 'month', '2019-11-01', 1, '0:19:54', 617),
    ('amsterdam', '6421b5c0-61e4-4a69-8284-0e5462f04511', 'week', '2019-11-11', 1, '0:16:48', 1015),
    ('paris', '6a7cee3f-b141-49f2-a689-299d3b4ad9d3', 'week', '2019-10-14', 1, '0:42:24', 2994),
    ('paris', '6a7cee3f-b141-49f2-a689-299d3b4ad9d3', 'month', '2019-10-01', 2, '1:05:09', 4181);
INSERT INTO ride_totals (city, rider_id, period, begin, rides, length, distance) VALUES
    ('paris', 'ab33659b-e635-44c3-ad42-bbab317ef136', 'week', '2019-10-21', 1, '0:39:17', 6694),
    ('paris', 'ab33659b-e635-44c3-ad42-bbab317ef136', 'month', '2019-10-01', 3, '0:58:59', 11549),
    ('paris', '6a7cee3f-b141-49f2-a689-299d3b4ad9d3', 'week', '2019-10-21', 1, '0:22:45', 1187),
    ('paris', 'ab33659b-e635-44c3-ad42-bbab317ef136', 'week', '2019-10-28', 2, '0:19:42', 4855),
    ('paris', '6a7cee3f-b141-49f2-a689-299d3b4ad9d3', 'week', '2019-10-28', 1, '0:27:49', 2759),
    ('paris', '6a7cee3f-b141-49f2-a689-299d3b4ad9d3', 'month', '2019-11-01', 1, '0:27:49', 2759),
    ('rome', '64b4fbe3-5a61-4436-a965-af74facd6fbd', 'week', '2019-10-14', 1, '0:23:03', 1454),
    ('rome', '64b4fbe3-5a61-4436-a965-af74facd6fbd', 'month', '2019-10-01', 3, '1:09:05', 6267),
    ('rome', 'bab2cab4-bac2-4144-a097-ae7c0152f4a1', 'week', '2019-10-14', 2, '0:56:03', 5458),
    ('rome', 'bab2cab4-bac2-4144-a097-ae7c0152f4a1', 'month', '2019-10-01', 2, '0:56:03', 5458),
    ('rome', '64b4fbe3-5a61-4436-a965-af74facd6fbd', 'week', '2019-10-21', 1, '0:41:54', 2168),
    ('rome', '64b4fbe3-5a61-4436-a965-af74facd6fbd', 'week', '2019-10-28', 1, '0:04:08', 2645),
    ('rome', 'bab2cab4-bac2-4144-a097-ae7c0152f4a1', 'week', '2019-11-11', 1, '0:25:05', 2657),
    ('rome', 'bab2cab4-bac2-4144-a097-ae7c0152f4a1', 'month', '2019-11-01', 1, '0:25:05', 2657);

INSERT INTO vehicles (city, id, type, owner_id, date_added, status, last_location, color, brand, latitude, longitude, public_id, number, available_since) VALUES
    ('new york', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', 'skateboard', 'dd3b44f4-00b9-4db0-a686-f47b2756f2bc', '2019-02-15 12:00:00+00:00', 'available', '1 East 42nd Street', 'black', 'Longboarder', 40.752324, -73.977507, '29ebc428-f620-4af6-9bf0-a6de682b9f80', 100000, '2019-11-11 08:16:18.278844+00:00'),
    ('new york', '342500a4-890e-48ae-bea4-80e1a8501292', 'scooter', 'dd3b44f4-00b9-4db0-a686-f47b2756f2bc', '2019-08-04 12:00:00+00:00', 'available', '8 St. Marks Place', 'teal', 'Voltrider', 40.728198, -73.987241, '9d1a7146-56e8-4a09-a99d-f168a39edf43', 711953, '2019-10-29 06:51:56.708815+00:00'),
    ('new york', '075c5d49-ecc0-4994-8246-a1df31250df1', 'bike', 'dd3b44f4-00b9-4db0-a686-f47b2756f2bc', '2019-09-18 12:00:00+00:00', 'available', '221 Bedford Avenue', 'teal', 'Merida', 40.71741, -73.958825, '37c0c99a-3899-44eb-b108-5e34c6acda75', 423906, '2019-10-30 11:18:34.989841+00:00'),
    ('new york', '061c2451-4222-45d5-bca7-284bfc221be3', 'skateboard', 'dd3b44f4-00b9-4db0-a686-f47b2756f2bc', '2019-03-16 12:00:00+00:00', 'available', '172 Atlantic Avenue', 'blue', 'Element', 40.684023, -73.976069, '0eaf5add-f9b3-4cce-ac32-8bb086af06a3', 135859, NULL),
    ('boston', '4af7efef-abd8-4e88-8f9f-40c17b274881', 'scooter', 'ff325c81-7fe2-460c-b6b5-9b41d3cdea9a', '2019-06-15 12:00:00+00:00', 'available', '200 Charles Street', 'green', 'Kickstone', 42.3564, -71.070043, '9408d281-4a6f-439c-a8ea-1d088ab263ee', 100000, '2019-11-09 15:25:00.973412+00:00'),
    ('boston', 'e12d85b5-a1cc-4caf-ba35-3afcbcd0658a', 'skateboard', 'ff325c81-7fe2-460c-b6b5-9b41d3cdea9a', '2019-06-23 12:00:00+00:00', 'available', '127 Stuart Street', 'black', 'Quarterpipe', 42.351438, -71.06669, 'ba52b241-4add-4a55-a19f-84b0372a47cd', 711953, NULL),
    ('boston', 'a3876a13-2574-4add-a1a2-bccdbbd42470', 'scooter', 'ff325c81-7fe2-460c-b6b5-9b41d3cdea9a', '2019-05-05 12:00:00+00:00', 'available', '170 Congress Street', 'teal', 'Voltrider', 42.351012, -71.049482, '994ddd9d-1907-459e-8edc-6ef2922cda53', 423906, '2019-11-02 00:47:14.866696+00:00'),
    ('boston', '47900fab-7d24-4da3-874f-71f9bc542280', 'scooter', 'ff325c81-7fe2-460c-b6b5-9b41d3cdea9a', '2019-09-21 12:00:00+00:00', 'available', '43 Commonwealth Avenue', 'teal', 'Curbside', 42.350477, -71.106278, '03a63e9e-0f25-44b1-93a2-51b8cd4a24de', 135859, NULL),
    ('washington dc', '0336c37c-e553-4ded-b350-62d5c6f8c56c', 'scooter', '2d84cbf0-0b3d-4d0d-96e4-3c736eabe3ce', '2019-03-18 12:00:00+00:00', 'available', '103 Columbia Road NW', 'red', 'Kickstone', 38.920794, -77.043617, '438d5e83-0235-42f2-9cbc-539812f38761', 100000, '2019-10-31 09:52:47.401199+00:00'),
    ('washington dc', '7cc180d6-16e8-4658-a88c-0a0bf5bc2b21', 'scooter', '2d84cbf0-0b3d-4d0d-96e4-3c736eabe3ce', '2019-08-11 12:00:00+00:00', 'available', '38 M Street SE', 'black', 'Curbside', 38.876668, -77.003981, '37f4411b-04e3-43aa-a3e4-043f11ea3f06', 711953, '2019-11-09 05:15:07.405935+00:00'),
    ('washington dc', '4654b6c7-c1f3-43e6-a9df-1dfccfed7ca5', 'bike', '2d84cbf0-0b3d-4d0d-96e4-3c736eabe3ce', '2019-09-10 12:00:00+00:00', 'available', '166 G Street NW', 'black', 'Merida', 38.898262, -77.027752, '5b672aec-67a3-4a8d-ae91-d98cd95b34b5', 423906, '2019-11-11 00:08:45.478180+00:00'),
    ('washington dc', '37bcd107-f1a1-44a1-aa37-b51e7e505636', 'scooter', '2d84cbf0-0b3d-4d0d-96e4-3c736eabe3ce', '2019-04-14 12:00:00+00:00', 'available', '75 Massachusetts Avenue NW', 'green', 'Zephyr', 38.909865, -77.044466, '3444e691-3e23-4151-9fa7-dd0dd73da2e8', 135859, NULL),
    ('seattle', 'b51729ca-d36f-4072-a2a7-14afef71bb4b', 'scooter', 'fd7199eb-9eb7-483d-84b2-da6f6778da36', '2019-04-18 12:00:00+00:00', 'available', '180 Occidental Avenue South', 'red', 'Curbside', 47.601063, -122.332883, 'dae6f47d-62e2-42f0-bc4a-59c5d71fe7c4', 100000, '2019-10-16 11:44:10.634380+00:00'),
    ('seattle', '911864ca-0c12-4420-984c-f5642a096590', 'skateboard', 'fd7199eb-9eb7-483d-84b2-da6f6778da36', '2019-08-19 12:00:00+00:00', 'available', '16 Broadway East', 'orange', 'Element', 47.621992, -122.320889, '74a995a2-d2da-4fb1-91cf-d96f57438b38', 711953, '2019-11-08 01:48:57.301847+00:00'),
    ('seattle', 'eec3ea67-cb4b-44f7-b21a-3f1339188196', 'skateboard', 'fd7199eb-9eb7-483d-84b2-da6f6778da36', '2019-03-03 12:00:00+00:00', 'available', '215 12th Avenue', 'white', 'Quarterpipe', 47.601897, -122.317149, 'de2b1743-91b7-44ac-be15-42d2c96dfeb1', 423906, '2019-11-12 07:38:13.386530+00:00'),
    ('seattle', 'da3aefc7-707e-47c2-ad1c-df20d7cec6a0', 'bike', 'fd7199eb-9eb7-483d-84b2-da6f6778da36', '2019-06-19 12:00:00+00:00', 'available', '135 University Way NE', 'yellow', 'Merida', 47.661073, -122.312922, '4589a1ed-ba29-4af2-a215-ad8db92dbaa0', 135859, NULL),
    ('san francisco', '14e18955-6cac-4a48-8aa0-0406885313f4', 'scooter', 'ebca16e4-dc82-406c-a17a-e1ea0af1a005', '2019-03-30 12:00:00+00:00', 'available', '140 Clement Street', 'orange', 'Curbside', 37.782775, -122.46449, '8de1aeb2-f19a-4dbf-9426-b1a8b02a0adf', 100000, '2019-10-31 16:26:55.029213+00:00'),
    ('san francisco', '4bd98598-89ff-4160-904a-378f7d06c25e', 'bike', 'ebca16e4-dc82-406c-a17a-e1ea0af1a005', '2019-04-22 12:00:00+00:00', 'available', '190 Fillmore Street', 'orange', 'Santa Cruz', 37.797366, -122.435653, '3bee1fa6-f433-4082-88cc-c87f7597d18b', 711953, '2019-10-21 19:12:34.613490+00:00'),
    ('san francisco', '1f956a12-d614-469c-9b23-133659b7a262', 'skateboard', 'ebca16e4-dc82-406c-a17a-e1ea0af1a005', '2019-07-21 12:00:00+00:00', 'available', '197 Powell Street', 'black', 'Element', 37.788019, -122.408654, '25b36de8-ca4a-47bb-aafc-0e8b4b3a5415', 423906, '2019-10-30 17:02:09.577608+00:00'),
    ('san francisco', 'b194d7e6-054c-446a-846d-26f269816264', 'bike', 'ebca16e4-dc82-406c-a17a-e1ea0af1a005', '2019-02-13 12:00:00+00:00', 'available', '197 Van Ness Avenue', 'blue', 'Pinarello', 37.778531, -122.419467, 'd92bf42f-7590-4a6d-8382-1c57929e5109', 135859, '2019-11-04 02:51:42.202947+00:00'),
    ('los angeles', '39b0b5e2-3b80-47cf-8e6a-188995eafb50', 'bike', 'bcab5277-f8c4-4b0a-9a65-398b7e2c9f03', '2019-04-13 12:00:00+00:00', 'available', '237 Normandie Avenue', 'green', 'Cervelo', 34.06207, -118.300457, 'ccdeb9b9-a1d5-43bd-97e3-783c490150cb', 100000, '2019-11-01 13:46:21.478687+00:00'),
    ('los angeles', '2c609a6b-99ba-4b8b-9214-b0c0794e2685', 'scooter', 'bcab5277-f8c4-4b0a-9a65-398b7e2c9f03', '2019-09-14 12:00:00+00:00', 'available', '119 Main Street', 'yellow', 'Zephyr', 34.052246, -118.243078, 'c000b0dc-ab71-474a-8371-835a7f3b1c38', 711953, '2019-10-18 05:52:19.334682+00:00'),
    ('los angeles', '04ffde7c-6055-4fa2-b994-0350714c657a', 'skateboard', 'bcab5277-f8c4-4b0a-9a65-398b7e2c9f03', '2019-09-24 12:00:00+00:00', 'available', '131 La Brea Avenue', 'yellow', 'Plank & Sons', 34.083367, -118.344151, '7c6ca1d0-fb74-4271-97fa-477452521908', 423906, '2019-11-06 11:38:50.682413+00:00'),
    ('los angeles', '76e2ec6d-5e95-4c75-9d13-7a87ce7ea92e', 'scooter', 'bcab5277-f8c4-4b0a-9a65-398b7e2c9f03', '2019-07-17 12:00:00+00:00', 'available', '47 Western Avenue', 'orange', 'Zephyr', 34.101789, -118.309089, '91e9c84f-b5e3-48c1-880a-3b1e4b4f8b44', 135859, '2019-11-10 19:29:17.751012+00:00'),
    ('amsterdam', 'abbf4355-121d-4933-ae97-44d55fd79259', 'bike', '89b8bf00-009d-4be0-9772-5ec997bb7f54', '2019-09-12 12:00:00+00:00', 'available', 'Javastraat 11', 'black', 'Kona', 52.363665, 4.935273, '3f640083-3c5c-4943-9ed6-04d92da4eca9', 100000, '2019-10-25 14:42:10.955315+00:00'),
    ('amsterdam', '321d3efd-8a1c-4c12-a18b-b30d424596f3', 'bike', '89b8bf00-009d-4be0-9772-5ec997bb7f54', '2019-04-18 12:00:00+00:00', 'available', 'Plantage Middenlaan 33', 'yellow', 'Fuji', 52.366026, 4.911264, 'c098c971-167e-4517-ab40-17ff158a835e', 711953, NULL),
    ('amsterdam', 'd349aaca-5304-4415-b902-e4e69a52e360', 'bike', '89b8bf00-009d-4be0-9772-5ec997bb7f54', '2019-05-14 12:00:00+00:00', 'available', 'Van Baerlestraat 117', 'white', 'Merida', 52.35665, 4.879176, '3780d132-55c6-40d8-a564-ebff30b9be03', 423906, '2019-11-10 08:05:45.813102+00:00'),
    ('amsterdam', 'aac3daf8-426a-42be-a52a-a26c45389462', 'bike', '89b8bf00-009d-4be0-9772-5ec997bb7f54', '2019-01-18 12:00:00+00:00', 'available', 'Herengracht 132', 'red', 'Merida', 52.369332, 4.886967, '4cdd15ce-ff8b-4f84-9b89-4a4333a98ac6', 135859, '2019-11-11 12:41:24.073298+00:00'),
    ('paris', 'e6ff8569-e63e-4966-a483-434a8ea04fdc', 'scooter', '25f5c17f-0a8e-45ea-83ba-483d90776d65', '2019-04-24 12:00:00+00:00', 'available', '55 Boulevard Saint-Michel', 'yellow', 'Zephyr', 48.848457, 2.342219, '17873327-278e-4d84-af4d-9c540bf1dac7', 100000, '2019-10-24 07:28:28.855111+00:00'),
    ('paris', 'd0d68e98-9c16-4854-a394-0c5b945cd867', 'bike', '25f5c17f-0a8e-45ea-83ba-483d90776d65', '2019-05-30 12:00:00+00:00', 'available', '205 Boulevard Saint-Michel', 'green', 'Fuji', 48.84833, 2.34193, 'f6a22c8d-e572-4e2c-87be-a4b638cfe399', 711953, '2019-11-02 05:16:47.045486+00:00'),
    ('paris', 'd07628b5-9526-4c36-8a43-a569720ba964', 'bike', '25f5c17f-0a8e-45ea-83ba-483d90776d65', '2019-05-24 12:00:00+00:00', 'available', '218 Rue du Faubourg Saint-Antoine', 'teal', 'Kona', 48.851566, 2.375808, '3dec0953-f796-46f8-ac7d-35ade8695aa2', 423906, '2019-10-27 23:54:30.369071+00:00'),
    ('paris', 'db65ce4b-d613-49af-9808-42fdd2fe7fb1', 'skateboard', '25f5c17f-0a8e-45ea-83ba-483d90776d65', '2019-07-14 12:00:00+00:00', 'available', '108 Rue des Martyrs', 'blue', 'Plank & Sons', 48.879252, 2.339849, 'ab36853b-1a6e-4b13-9a48-9821381b6f3f', 135859, '2019-10-15 15:59:19.185694+00:00'),
    ('rome', '73107012-0b22-4c8a-baa9-f934e2615c02', 'bike', '1bab972d-de65-4ef4-8761-571788bf64f8', '2019-06-20 12:00:00+00:00', 'available', 'Viale Aventino 144', 'white', 'Merida', 41.880807, 12.484654, 'ef17ccc4-64d7-4a22-b82a-1b5bc59945c0', 100000, '2019-11-12 11:35:17.075208+00:00'),
    ('rome', 'f06852e3-74b7-41c9-afc5-2f03a77dc69b', 'skateboard', '1bab972d-de65-4ef4-8761-571788bf64f8', '2019-09-18 12:00:00+00:00', 'available', 'Piazza del Popolo 54', 'red', 'Element', 41.910314, 12.476569, '24f1dcc8-7d6f-491c-99f8-ce95be2f3641', 711953, '2019-10-23 23:28:47.623734+00:00'),
    ('rome', '7ec47bdb-8b16-4a98-81ea-33409c82de6f', 'bike', '1bab972d-de65-4ef4-8761-571788bf64f8', '2019-09-20 12:00:00+00:00', 'available', 'Corso Vittorio Emanuele II 78', 'blue', 'Kona', 41.896077, 12.474558, '1f94e09c-0063-4ddf-816f-0a519ce3a6ae', 423906, '2019-10-17 01:59:03.330640+00:00'),
    ('rome', '5efba093-0941-44ee-874d-f26c2d0c0b3d', 'bike', '1bab972d-de65-4ef4-8761-571788bf64f8', '2019-09-19 12:00:00+00:00', 'available', 'Via Vittorio Veneto 128', 'black', 'Kona', 41.907664, 12.490264, '64e41198-856d-40a4-8c4b-019e54a582cc', 135859, NULL);

INSERT INTO rides (city, id, vehicle_id, rider_id, rider_city, start_location, end_location, start_time, end_time, length, start_latitude, start_longitude, end_latitude, end_longitude, distance) VALUES
    ('new york', '5f467660-6613-47a8-ac9b-5fd32fc28b6a', '075c5d49-ecc0-4994-8246-a1df31250df1', '20c657ab-8352-403b-9e48-60f6512424e6', 'new york', '19 East 42nd Street', '128 Hudson Street', '2019-10-21 18:13:57.361666+00:00', '2019-10-21 18:44:51.361666+00:00', '0:30:54', 40.751676, -73.977838, 40.731572, -74.006558, 3296),
    ('new york', '021ecb50-00c5-4ebe-b9bb-8bba9033ce03', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', '20c657ab-8352-403b-9e48-60f6512424e6', 'new york', '25 East 42nd Street', '129 Grand Street', '2019-10-22 18:56:42.650253+00:00', '2019-10-22 19:07:25.650253+00:00', '0:10:43', 40.75233, -73.977942, 40.721692, -74.002509, 3985),
    ('new york', '450fe133-adee-4b3b-b5fb-12665e158d59', '342500a4-890e-48ae-bea4-80e1a8501292', '5e83eb02-2ea2-442a-ba3b-c3967cbac1d3', 'new york', '87 7th Avenue', '8 St. Marks Place', '2019-10-29 06:24:37.708815+00:00', '2019-10-29 06:51:56.708815+00:00', '0:27:19', 40.746396, -73.993502, 40.728198, -73.987241, 2089),
    ('new york', 'ad111493-f233-4ff7-a319-03693b59c60e', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', '20c657ab-8352-403b-9e48-60f6512424e6', 'new york', '129 Grand Street', '151 East 42nd Street', '2019-10-29 06:26:44.388122+00:00', '2019-10-29 07:06:12.388122+00:00', '0:39:28', 40.721692, -74.002509, 40.752301, -73.977714, 3993),
    ('new york', '73fb2397-d5d8-4a28-b18a-d77a9c053457', '075c5d49-ecc0-4994-8246-a1df31250df1', '20c657ab-8352-403b-9e48-60f6512424e6', 'new york', '128 Hudson Street', '221 Bedford Avenue', '2019-10-30 10:44:11.989841+00:00', '2019-10-30 11:18:34.989841+00:00', '0:34:23', 40.731572, -74.006558, 40.71741, -73.958825, 4328),
    ('new york', 'f0284f61-09b2-4f67-99b4-a2c3344c3ac3', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', '5e83eb02-2ea2-442a-ba3b-c3967cbac1d3', 'new york', '151 East 42nd Street', '1 East 42nd Street', '2019-11-11 07:49:10.278844+00:00', '2019-11-11 08:16:18.278844+00:00', '0:27:08', 40.752301, -73.977714, 40.752324, -73.977507, 18),
    ('boston', 'd6b80449-6d67-4107-991d-ee2480372443', 'a3876a13-2574-4add-a1a2-bccdbbd42470', 'b57f0b03-92e5-4399-a089-271efdb6e1f2', 'boston', '142 Tremont Street', '137 Stuart Street', '2019-10-14 03:22:51.586304+00:00', '2019-10-14 03:51:30.586304+00:00', '0:28:39', 42.35527, -71.063651, 42.35129, -71.06606, 485),
    ('boston', '047a7036-e13c-48be-8a1e-5e12891a0e7f', '4af7efef-abd8-4e88-8f9f-40c17b274881', 'b57f0b03-92e5-4399-a089-271efdb6e1f2', 'boston', '60 Causeway Street', '97 Massachusetts Avenue', '2019-10-22 22:44:54.784531+00:00', '2019-10-22 23:17:35.784531+00:00', '0:32:41', 42.366199, -71.06017, 42.344037, -71.085786, 3242),
    ('boston', 'bd499cca-e0ce-4cea-93aa-a90b09b4ab34', 'a3876a13-2574-4add-a1a2-bccdbbd42470', '832e555e-bbbf-4afa-ba98-8ab71beacdef', 'boston', '137 Stuart Street', '9 Longwood Avenue', '2019-10-31 01:27:04.983415+00:00', '2019-10-31 01:49:52.983415+00:00', '0:22:48', 42.35129, -71.06606, 42.338443, -71.106637, 3635),
    ('boston', 'd3603bc2-69d2-4b9f-b8d3-bc0c6f3c3bdb', 'a3876a13-2574-4add-a1a2-bccdbbd42470', 'b57f0b03-92e5-4399-a089-271efdb6e1f2', 'boston', '9 Longwood Avenue', '170 Congress Street', '2019-11-02 00:20:50.866696+00:00', '2019-11-02 00:47:14.866696+00:00', '0:26:24', 42.338443, -71.106637, 42.351012, -71.049482, 4913),
    ('boston', '221a4f79-5a34-4388-b868-57e9c4ec19e0', '4af7efef-abd8-4e88-8f9f-40c17b274881', 'b57f0b03-92e5-4399-a089-271efdb6e1f2', 'boston', '97 Massachusetts Avenue', '211 Commonwealth Avenue', '2019-11-02 08:50:18.599803+00:00', '2019-11-02 09:13:37.599803+00:00', '0:23:19', 42.344037, -71.085786, 42.350483, -71.105991, 1812),
    ('boston', 'eb838ab5-cce7-4f0d-b86a-73f63c652b75', '4af7efef-abd8-4e88-8f9f-40c17b274881', 'b57f0b03-92e5-4399-a089-271efdb6e1f2', 'boston', '211 Commonwealth Avenue', '200 Charles Street', '2019-11-09 15:04:53.973412+00:00', '2019-11-09 15:25:00.973412+00:00', '0:20:07', 42.350483, -71.105991, 42.3564, -71.070043, 3034),
    ('washington dc', 'fe83b3e7-21be-43c7-82b9-e41dc7c84994', '0336c37c-e553-4ded-b350-62d5c6f8c56c', '1d06212b-fbac-4144-b30c-8a6b2df491f8', 'washington dc', '153 Pennsylvania Avenue NW', '79 Connecticut Avenue NW', '2019-10-16 00:55:20.017731+00:00', '2019-10-16 01:13:42.017731+00:00', '0:18:22', 38.89982, -77.041616, 38.930009, -77.055581, 3564),
    ('washington dc', 'fd7d34f2-65f6-4618-b90f-8d53444adbb8', '0336c37c-e553-4ded-b350-62d5c6f8c56c', '1d06212b-fbac-4144-b30c-8a6b2df491f8', 'washington dc', '79 Connecticut Avenue NW', '101 East Capitol Street', '2019-10-17 23:20:17.654307+00:00', '2019-10-18 00:04:05.654307+00:00', '0:43:48', 38.930009, -77.055581, 38.890279, -77.00004, 6531),
    ('washington dc', 'fd62502c-124a-4da4-b6a6-e0e251f3f65f', '0336c37c-e553-4ded-b350-62d5c6f8c56c', '1d06212b-fbac-4144-b30c-8a6b2df491f8', 'washington dc', '101 East Capitol Street', '103 Columbia Road NW', '2019-10-31 09:31:13.401199+00:00', '2019-10-31 09:52:47.401199+00:00', '0:21:34', 38.890279, -77.00004, 38.920794, -77.043617, 5076),
    ('washington dc', 'acbf9826-f9d1-4941-92c2-f49c63ff92d0', '4654b6c7-c1f3-43e6-a9df-1dfccfed7ca5', '06acb904-7f30-42cd-b97e-cc2de0b6e257', 'washington dc', '96 H Street NE', '6 Georgia Avenue NW', '2019-11-01 19:21:06.642724+00:00', '2019-11-01 20:04:58.642724+00:00', '0:43:52', 38.89984, -76.991735, 38.928197, -77.02403, 4214),
    ('washington dc', '582c0bfa-2966-48cc-861d-42ddd478fc34', '7cc180d6-16e8-4658-a88c-0a0bf5bc2b21', '06acb904-7f30-42cd-b97e-cc2de0b6e257', 'washington dc', '16 Connecticut Avenue NW', '38 M Street SE', '2019-11-09 04:31:40.405935+00:00', '2019-11-09 05:15:07.405935+00:00', '0:43:27', 38.930668, -77.055369, 38.876668, -77.003981, 7469),
    ('washington dc', '166bd612-c2ec-4b15-92b9-81e68023f8a7', '4654b6c7-c1f3-43e6-a9df-1dfccfed7ca5', '06acb904-7f30-42cd-b97e-cc2de0b6e257', 'washington dc', '6 Georgia Avenue NW', '166 G Street NW', '2019-11-10 23:43:12.478180+00:00', '2019-11-11 00:08:45.478180+00:00', '0:25:33', 38.928197, -77.02403, 38.898262, -77.027752, 3339),
    ('seattle', '953225ab-32b2-4904-aa27-8cce2c28cdad', 'b51729ca-d36f-4072-a2a7-14afef71bb4b', 'aaf49d53-a28f-4edc-a363-ca8e8c200dbd', 'seattle', '226 Fairview Avenue North', '180 Occidental Avenue South', '2019-10-16 11:22:03.634380+00:00', '2019-10-16 11:44:10.634380+00:00', '0:22:07', 47.624563, -122.3337, 47.601063, -122.332883, 2614),
    ('seattle', 'f366b4a5-6df5-4e0f-a887-dd10ec2f4bbc', 'eec3ea67-cb4b-44f7-b21a-3f1339188196', 'aaf49d53-a28f-4edc-a363-ca8e8c200dbd', 'seattle', '173 Yesler Way', '145 Dexter Avenue North', '2019-10-20 11:33:16.429488+00:00', '2019-10-20 11:56:10.429488+00:00', '0:22:54', 47.601427, -122.33375, 47.618083, -122.342157, 1957),
    ('seattle', '19c2cd84-0c5d-4b36-ab37-9c95f6f2f33b', 'eec3ea67-cb4b-44f7-b21a-3f1339188196', 'aaf49d53-a28f-4edc-a363-ca8e8c200dbd', 'seattle', '145 Dexter Avenue North', '122 Pike Place', '2019-10-29 15:52:26.388146+00:00', '2019-10-29 15:57:55.388146+00:00', '0:05:29', 47.618083, -122.342157, 47.609674, -122.341509, 936),
    ('seattle', '6ca6d6da-11e1-4518-a634-3b4c78d0dd7a', '911864ca-0c12-4420-984c-f5642a096590', 'aaf49d53-a28f-4edc-a363-ca8e8c200dbd', 'seattle', '13 Queen Anne Avenue North', '141 6th Avenue', '2019-11-06 07:55:25.659170+00:00', '2019-11-06 08:07:25.659170+00:00', '0:12:00', 47.624466, -122.357269, 47.616128, -122.340847, 1544),
    ('seattle', '5e2bba9a-edcc-41d4-b3cd-a9fea8789e6f', '911864ca-0c12-4420-984c-f5642a096590', 'aaf49d53-a28f-4edc-a363-ca8e8c200dbd', 'seattle', '141 6th Avenue', '16 Broadway East', '2019-11-08 01:11:45.301847+00:00', '2019-11-08 01:48:57.301847+00:00', '0:37:12', 47.616128, -122.340847, 47.621992, -122.320889, 1636),
    ('seattle', '3f9657c9-abe5-4cdd-99a4-d57d297512ce', 'eec3ea67-cb4b-44f7-b21a-3f1339188196', 'bffee05c-a1c4-4d61-9ae8-3458c08bee58', 'seattle', '122 Pike Place', '215 12th Avenue', '2019-11-12 07:21:57.386530+00:00', '2019-11-12 07:38:13.386530+00:00', '0:16:16', 47.609674, -122.341509, 47.601897, -122.317149, 2025),
    ('san francisco', '78830fee-522d-43b0-a9bb-7c1710d4bea6', '1f956a12-d614-469c-9b23-133659b7a262', 'dbdfde4d-5b9e-47e8-b8cd-1a91eb0941c0', 'san francisco', '197 Lombard Street', '215 Dolores Street', '2019-10-21 10:51:45.200779+00:00', '2019-10-21 10:57:53.200779+00:00', '0:06:08', 37.802086, -122.419105, 37.761765, -122.425418, 4510),
    ('san francisco', '0575ee31-9ff2-4ce2-915e-f11315829c59', '4bd98598-89ff-4160-904a-378f7d06c25e', 'dbdfde4d-5b9e-47e8-b8cd-1a91eb0941c0', 'san francisco', '159 Lombard Street', '190 Fillmore Street', '2019-10-21 18:36:43.613490+00:00', '2019-10-21 19:12:34.613490+00:00', '0:35:51', 37.802275, -122.418536, 37.797366, -122.435653, 1603),
    ('san francisco', 'b2f51923-f76f-4bf6-bcfc-10ae2f42aafb', '1f956a12-d614-469c-9b23-133659b7a262', 'dbdfde4d-5b9e-47e8-b8cd-1a91eb0941c0', 'san francisco', '215 Dolores Street', '74 24th Street', '2019-10-27 17:50:09.430437+00:00', '2019-10-27 18:18:29.430437+00:00', '0:28:20', 37.761765, -122.425418, 37.751832, -122.426515, 1107),
    ('san francisco', '7088b7ef-6f45-435d-abdd-0d8f59f1877c', '1f956a12-d614-469c-9b23-133659b7a262', 'dbdfde4d-5b9e-47e8-b8cd-1a91eb0941c0', 'san francisco', '74 24th Street', '197 Powell Street', '2019-10-30 16:25:16.577608+00:00', '2019-10-30 17:02:09.577608+00:00', '0:36:53', 37.751832, -122.426515, 37.788019, -122.408654, 4314),
    ('san francisco', 'c84a5cfb-49e8-41a5-9098-4898a6e1b546', '14e18955-6cac-4a48-8aa0-0406885313f4', 'aebf6f60-46c2-4972-b61c-a4f8905b4748', 'san francisco', '202 California Street', '140 Clement Street', '2019-10-31 15:52:56.029213+00:00', '2019-10-31 16:26:55.029213+00:00', '0:33:59', 37.792245, -122.408987, 37.782775, -122.46449, 5000),
    ('san francisco', 'f7f052f8-9d40-4dc8-a7c7-60ff8f393933', 'b194d7e6-054c-446a-846d-26f269816264', 'dbdfde4d-5b9e-47e8-b8cd-1a91eb0941c0', 'san francisco', '83 Valencia Street', '197 Van Ness Avenue', '2019-11-04 02:21:21.202947+00:00', '2019-11-04 02:51:42.202947+00:00', '0:30:21', 37.765197, -122.421457, 37.778531, -122.419467, 1490),
    ('los angeles', '73208418-c5f1-4632-8ef3-1b9b4549f951', '2c609a6b-99ba-4b8b-9214-b0c0794e2685', '1f707d9a-c84a-457b-ac6b-bbfff2809465', 'los angeles', '132 Melrose Avenue', '119 Main Street', '2019-10-18 05:11:32.334682+00:00', '2019-10-18 05:52:19.334682+00:00', '0:40:47', 34.083966, -118.36181, 34.052246, -118.243078, 11509),
    ('los angeles', 'fe31d4a7-5d5f-4e70-8ee7-c15c5ae56891', '39b0b5e2-3b80-47cf-8e6a-188995eafb50', '1f707d9a-c84a-457b-ac6b-bbfff2809465', 'los angeles', '5 Vine Street', '237 Normandie Avenue', '2019-11-01 13:02:28.478687+00:00', '2019-11-01 13:46:21.478687+00:00', '0:43:53', 34.090756, -118.326689, 34.06207, -118.300457, 3998),
    ('los angeles', '7a94f3d0-7b7b-4a89-a053-d2cf13f7e201', '04ffde7c-6055-4fa2-b994-0350714c657a', '1f707d9a-c84a-457b-ac6b-bbfff2809465', 'los angeles', '136 Figueroa Street', '25 Santa Monica Boulevard', '2019-11-05 07:25:47.708531+00:00', '2019-11-05 07:46:41.708531+00:00', '0:20:54', 34.049151, -118.26022, 34.090769, -118.291993, 5470),
    ('los angeles', '6f7e3a59-f5d0-41ce-9cd9-3dcc44a7ebec', '04ffde7c-6055-4fa2-b994-0350714c657a', '048607bc-5d84-46e9-a6f0-0e17cf93a130', 'los angeles', '25 Santa Monica Boulevard', '131 La Brea Avenue', '2019-11-06 11:17:09.682413+00:00', '2019-11-06 11:38:50.682413+00:00', '0:21:41', 34.090769, -118.291993, 34.083367, -118.344151, 4883),
    ('los angeles', '21fcaf99-6d5d-4e5c-bf60-e33e39754d5f', '76e2ec6d-5e95-4c75-9d13-7a87ce7ea92e', '048607bc-5d84-46e9-a6f0-0e17cf93a130', 'los angeles', '222 Highland Avenue', '172 La Brea Avenue', '2019-11-10 14:38:59.668860+00:00', '2019-11-10 15:04:54.668860+00:00', '0:25:55', 34.097661, -118.338658, 34.083484, -118.343907, 1645),
    ('los angeles', '9f71aa3f-7d77-4c8a-aa2f-eb4e5befb84b', '76e2ec6d-5e95-4c75-9d13-7a87ce7ea92e', '048607bc-5d84-46e9-a6f0-0e17cf93a130', 'los angeles', '172 La Brea Avenue', '47 Western Avenue', '2019-11-10 19:23:54.751012+00:00', '2019-11-10 19:29:17.751012+00:00', '0:05:23', 34.083484, -118.343907, 34.101789, -118.309089, 3801),
    ('amsterdam', 'b2381334-3fd8-45ed-9ec7-8313cb05b2fe', 'd349aaca-5304-4415-b902-e4e69a52e360', '6421b5c0-61e4-4a69-8284-0e5462f04511', 'amsterdam', 'Wibautstraat 194', 'Dam 170', '2019-10-25 05:24:58.970110+00:00', '2019-10-25 05:33:20.970110+00:00', '0:08:22', 52.354266, 4.911904, 52.372949, 4.892881, 2450),
    ('amsterdam', '498cde04-7904-4952-b191-f1a1d0ee1fc0', 'abbf4355-121d-4933-ae97-44d55fd79259', '6421b5c0-61e4-4a69-8284-0e5462f04511', 'amsterdam', 'Singel 170', 'Javastraat 11', '2019-10-25 14:13:04.955315+00:00', '2019-10-25 14:42:10.955315+00:00', '0:29:06', 52.366953, 4.891188, 52.363665, 4.935273, 3025),
    ('amsterdam', 'dce55b0e-b83b-48df-b22d-a4855ba3d2f0', 'd349aaca-5304-4415-b902-e4e69a52e360', '6421b5c0-61e4-4a69-8284-0e5462f04511', 'amsterdam', 'Dam 170', 'Kalverstraat 139', '2019-11-07 15:17:47.876239+00:00', '2019-11-07 15:28:56.876239+00:00', '0:11:09', 52.372949, 4.892881, 52.370156, 4.891156, 332),
    ('amsterdam', '7e384ec5-02bf-42dd-9f51-3d1064914cb6', 'd349aaca-5304-4415-b902-e4e69a52e360', '33087f4e-cac4-49bb-a9a5-d0e094913084', 'amsterdam', 'Kalverstraat 139', 'Rembrandtplein 94', '2019-11-08 02:07:26.714641+00:00', '2019-11-08 02:27:20.714641+00:00', '0:19:54', 52.370156, 4.891156, 52.365912, 4.896988, 617),
    ('amsterdam', '69737e0a-c21c-4a99-b6e1-d41a80c066fe', 'd349aaca-5304-4415-b902-e4e69a52e360', '6421b5c0-61e4-4a69-8284-0e5462f04511', 'amsterdam', 'Rembrandtplein 94', 'Van Baerlestraat 117', '2019-11-10 07:39:12.813102+00:00', '2019-11-10 08:05:45.813102+00:00', '0:26:33', 52.365912, 4.896988, 52.35665, 4.879176, 1592),
    ('amsterdam', '26854a79-058f-4c2b-b964-32cae79d45a5', 'aac3daf8-426a-42be-a52a-a26c45389462', '6421b5c0-61e4-4a69-8284-0e5462f04511', 'amsterdam', 'Utrechtsestraat 25', 'Herengracht 132', '2019-11-11 12:24:36.073298+00:00', '2019-11-11 12:41:24.073298+00:00', '0:16:48', 52.363425, 4.898321, 52.369332, 4.886967, 1015),
    ('paris', '32ecc729-d83a-43ef-a71a-907f0ab0bc57', 'db65ce4b-d613-49af-9808-42fdd2fe7fb1', '6a7cee3f-b141-49f2-a689-299d3b4ad9d3', 'paris', '62 Boulevard Saint-Germain', '108 Rue des Martyrs', '2019-10-15 15:16:55.185694+00:00', '2019-10-15 15:59:19.185694+00:00', '0:42:24', 48.852333, 2.339136, 48.879252, 2.339849, 2994),
    ('paris', 'd96ae84f-1a1b-4f13-8500-620bc29093c5', 'd07628b5-9526-4c36-8a43-a569720ba964', 'ab33659b-e635-44c3-ad42-bbab317ef136', 'paris', '168 Avenue d''Italie', '163 Boulevard de Clichy', '2019-10-21 01:07:35.656057+00:00', '2019-10-21 01:46:52.656057+00:00', '0:39:17', 48.826009, 2.357266, 48.883964, 2.332623, 6694),
    ('paris', '017af035-683a-4f36-9c03-fd015cccd1df', 'e6ff8569-e63e-4966-a483-434a8ea04fdc', '6a7cee3f-b141-49f2-a689-299d3b4ad9d3', 'paris', '219 Rue de Rivoli', '55 Boulevard Saint-Michel', '2019-10-24 07:05:43.855111+00:00', '2019-10-24 07:28:28.855111+00:00', '0:22:45', 48.857028, 2.35187, 48.848457, 2.342219, 1187),
    ('paris', '40faefda-3da6-432e-95d1-153835e05ed5', 'd07628b5-9526-4c36-8a43-a569720ba964', 'ab33659b-e635-44c3-ad42-bbab317ef136', 'paris', '163 Boulevard de Clichy', '218 Rue du Faubourg Saint-Antoine', '2019-10-27 23:46:32.369071+00:00', '2019-10-27 23:54:30.369071+00:00', '0:07:58', 48.883964, 2.332623, 48.851566, 2.375808, 4797),
    ('paris', 'c4ee119e-cd7a-4155-b224-85a7bd47457f', 'd0d68e98-9c16-4854-a394-0c5b945cd867', 'ab33659b-e635-44c3-ad42-bbab317ef136', 'paris', '37 Avenue d''Italie', '22 Avenue d''Italie', '2019-10-30 23:48:27.293713+00:00', '2019-10-31 00:00:11.293713+00:00', '0:11:44', 48.82608, 2.357017, 48.825803, 2.357681, 58),
    ('paris', '27cc93b2-d6f8-4bad-a8c1-61c2a8a7ebaf', 'd0d68e98-9c16-4854-a394-0c5b945cd867', '6a7cee3f-b141-49f2-a689-299d3b4ad9d3', 'paris', '22 Avenue d''Italie', '205 Boulevard Saint-Michel', '2019-11-02 04:48:58.045486+00:00', '2019-11-02 05:16:47.045486+00:00', '0:27:49', 48.825803, 2.357681, 48.84833, 2.34193, 2759),
    ('rome', '75ceeea4-60cf-44b4-a671-6e608e5df35a', '73107012-0b22-4c8a-baa9-f934e2615c02', '64b4fbe3-5a61-4436-a965-af74facd6fbd', 'rome', 'Via Labicana 79', 'Viale Aventino 59', '2019-10-14 22:44:41.375643+00:00', '2019-10-14 23:07:44.375643+00:00', '0:23:03', 41.890235, 12.497133, 41.880836, 12.48493, 1454),
    ('rome', '60c67f8f-6e91-41a6-8470-19e834c4a268', '7ec47bdb-8b16-4a98-81ea-33409c82de6f', 'bab2cab4-bac2-4144-a097-ae7c0152f4a1', 'rome', 'Via Ostiense 105', 'Via della Conciliazione 116', '2019-10-15 15:39:04.856901+00:00', '2019-10-15 16:19:22.856901+00:00', '0:40:18', 41.867227, 12.478831, 41.902324, 12.461339, 4160);
INSERT INTO rides (city, id, vehicle_id, rider_id, rider_city, start_location, end_location, start_time, end_time, length, start_latitude, start_longitude, end_latitude, end_longitude, distance) VALUES
    ('rome', '1e78de0e-d447-41d4-91ee-d85039c910e0', '7ec47bdb-8b16-4a98-81ea-33409c82de6f', 'bab2cab4-bac2-4144-a097-ae7c0152f4a1', 'rome', 'Via della Conciliazione 116', 'Corso Vittorio Emanuele II 78', '2019-10-17 01:43:18.330640+00:00', '2019-10-17 01:59:03.330640+00:00', '0:15:45', 41.902324, 12.461339, 41.896077, 12.474558, 1298),
    ('rome', 'ed33362c-f622-4ef8-824f-061e71c2834c', 'f06852e3-74b7-41c9-afc5-2f03a77dc69b', '64b4fbe3-5a61-4436-a965-af74facd6fbd', 'rome', 'Via dei Fori Imperiali 166', 'Piazza del Popolo 54', '2019-10-23 22:46:53.623734+00:00', '2019-10-23 23:28:47.623734+00:00', '0:41:54', 41.892427, 12.48702, 41.910314, 12.476569, 2168),
    ('rome', '1a272f18-b4fe-4698-bac6-96da36a46267', '73107012-0b22-4c8a-baa9-f934e2615c02', '64b4fbe3-5a61-4436-a965-af74facd6fbd', 'rome', 'Viale Aventino 59', 'Piazza della Repubblica 216', '2019-10-31 12:39:15.689141+00:00', '2019-10-31 12:43:23.689141+00:00', '0:04:08', 41.880836, 12.48493, 41.903032, 12.496489, 2645),
    ('rome', '19fd1409-de8d-49bf-aaa1-b27c992ba944', '73107012-0b22-4c8a-baa9-f934e2615c02', 'bab2cab4-bac2-4144-a097-ae7c0152f4a1', 'rome', 'Piazza della Repubblica 216', 'Viale Aventino 144', '2019-11-12 11:10:12.075208+00:00', '2019-11-12 11:35:17.075208+00:00', '0:25:05', 41.903032, 12.496489, 41.880807, 12.484654, 2657);
