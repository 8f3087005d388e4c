-- MovR on CockroachDB, partitioned by city: cockroach sql < dbinit.sql
-- Made by `flask --app server placement sql partition > dbinit.sql`.

CREATE DATABASE IF NOT EXISTS movr;
USE movr;

CREATE TABLE users (
    city VARCHAR(20) NOT NULL,
    id UUID NOT NULL,
    first_name VARCHAR(100),
    last_name VARCHAR(100),
    email VARCHAR(254),
    username VARCHAR(64),
    password_hash VARCHAR(200),
    is_owner BOOLEAN NOT NULL,
    active_ride_city VARCHAR(20),
    active_ride_id UUID,
    cities_ridden VARCHAR(20)[] NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT users_pkey PRIMARY KEY (city, id),
    CONSTRAINT users_username_key UNIQUE (username),
    CONSTRAINT users_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT users_first_name_check CHECK (length(btrim(first_name)) BETWEEN 1 AND 100 AND first_name !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT users_last_name_check CHECK (length(btrim(last_name)) BETWEEN 1 AND 100 AND last_name !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT users_username_check CHECK (username ~ '^[a-z0-9._@+-]{3,64}$'),
    CONSTRAINT users_email_check CHECK (email ~ '^[^@\s<>\x01-\x1f\x7f]+@[^@\s<>\x01-\x1f\x7f]+[.][^@\s<>\x01-\x1f\x7f]+$'),
    CONSTRAINT users_active_ride_check CHECK ((active_ride_city IS NULL) = (active_ride_id IS NULL)),
    CONSTRAINT users_erased_check CHECK ((deleted_at IS NULL) = (first_name IS NOT NULL) AND (deleted_at IS NULL) = (last_name IS NOT NULL) AND (deleted_at IS NULL) = (email IS NOT NULL) AND (deleted_at IS NULL) = (username IS NOT NULL) AND (deleted_at IS NULL) = (password_hash IS NOT NULL) AND (deleted_at IS NULL OR active_ride_id IS NULL))
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
    CONSTRAINT vehicles_pkey PRIMARY KEY (city, id),
    CONSTRAINT vehicles_city_owner_id_fkey FOREIGN KEY(city, owner_id) REFERENCES users (city, id),
    CONSTRAINT vehicles_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT vehicles_type_check CHECK (type IN ('bike', 'scooter', 'skateboard')),
    CONSTRAINT vehicles_status_check CHECK (status IN ('available', 'in_use', 'removed')),
    CONSTRAINT vehicles_last_location_check CHECK (length(btrim(last_location)) BETWEEN 1 AND 200 AND last_location !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT vehicles_color_check CHECK (length(btrim(color)) BETWEEN 1 AND 50 AND color !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT vehicles_brand_check CHECK (length(btrim(brand)) BETWEEN 1 AND 50 AND brand !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT vehicles_position_check CHECK ((latitude IS NULL) = (longitude IS NULL) AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180),
    INDEX vehicles_city_owner_id_status_idx (city, owner_id, status) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX vehicles_city_status_id_idx (city, status, id) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))
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
    CONSTRAINT rides_pkey PRIMARY KEY (city, id),
    CONSTRAINT rides_rider_city_rider_id_fkey FOREIGN KEY(rider_city, rider_id) REFERENCES users (city, id),
    CONSTRAINT rides_city_vehicle_id_fkey FOREIGN KEY(city, vehicle_id) REFERENCES vehicles (city, id),
    CONSTRAINT rides_city_check CHECK (city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles', 'amsterdam', 'paris', 'rome')),
    CONSTRAINT rides_start_location_check CHECK (length(btrim(start_location)) BETWEEN 1 AND 200 AND start_location !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT rides_end_location_check CHECK (length(btrim(end_location)) BETWEEN 1 AND 200 AND end_location !~ '[<>\x01-\x1f\x7f]'),
    CONSTRAINT rides_ended_check CHECK ((end_time IS NULL) = (end_location IS NULL) AND (end_time IS NULL) = (length IS NULL) AND end_time >= start_time),
    INDEX rides_city_vehicle_id_idx (city, vehicle_id) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome'))),
    INDEX rides_rider_city_rider_id_start_time_id_idx (rider_city, rider_id, start_time, id) PARTITION BY LIST (rider_city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')))
) PARTITION BY LIST (city) (PARTITION us_east VALUES IN (('new york'), ('boston'), ('washington dc')), PARTITION us_west VALUES IN (('seattle'), ('san francisco'), ('los angeles')), PARTITION europe_west VALUES IN (('amsterdam'), ('paris'), ('rome')));

-- Each partition stays in its region.
ALTER PARTITION us_east OF INDEX movr.public.users@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.users@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.users@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.vehicles@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.vehicles@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.vehicles@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';
ALTER PARTITION us_east OF INDEX movr.public.rides@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-east1]';
ALTER PARTITION us_west OF INDEX movr.public.rides@* CONFIGURE ZONE USING constraints = '[+region=gcp-us-west1]';
ALTER PARTITION europe_west OF INDEX movr.public.rides@* CONFIGURE ZONE USING constraints = '[+region=gcp-europe-west1]';

-- The schema's history, as Alembic keeps it.
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO alembic_version VALUES ('0001');

INSERT INTO users (city, id, first_name, last_name, email, username, password_hash, is_owner, active_ride_city, active_ride_id, cities_ridden, deleted_at) VALUES
    ('new york', 'dd3b44f4-00b9-4db0-a686-f47b2756f2bc', 'Brandon', 'Foster', 'new-york-dd3b44f4@example.com', 'new-york-dd3b44f4', 'none', true, NULL, NULL, ARRAY[]::VARCHAR[], NULL),
    ('new york', '20c657ab-8352-403b-9e48-60f6512424e6', 'Rachel', 'Peters', 'new-york-20c657ab@example.com', 'new-york-20c657ab', 'none', false, NULL, NULL, ARRAY['new york']::VARCHAR[], NULL),
    ('new york', '5e83eb02-2ea2-442a-ba3b-c3967cbac1d3', 'Wendy', 'Robinson', 'new-york-5e83eb02@example.com', 'new-york-5e83eb02', 'none', false, NULL, NULL, ARRAY['new york']::VARCHAR[], NULL),
    ('boston', '4c966831-5a82-4a7d-9b20-495ec0a542c8', 'Ethan', 'Horton', 'boston-4c966831@example.com', 'boston-4c966831', 'none', true, NULL, NULL, ARRAY[]::VARCHAR[], NULL),
    ('boston', 'bdb8ac0f-35bb-4118-a79a-324400de7934', 'Raymond', 'Owens', 'boston-bdb8ac0f@example.com', 'boston-bdb8ac0f', 'none', false, NULL, NULL, ARRAY['boston']::VARCHAR[], NULL),
    ('boston', '09b29f67-d9b4-42c3-b44c-3ac39dcc0bc2', 'Dale', 'Jones', 'boston-09b29f67@example.com', 'boston-09b29f67', 'none', false, NULL, NULL, ARRAY['boston']::VARCHAR[], NULL),
    ('washington dc', '11c3bd4c-2061-4293-9360-3bc269d2cb9f', 'Bruce', 'Stevens', 'washington-dc-11c3bd4c@example.com', 'washington-dc-11c3bd4c', 'none', true, NULL, NULL, ARRAY[]::VARCHAR[], NULL),
    ('washington dc', 'd28c719e-1022-46b1-8c36-7d20c6fee58f', 'Sarah', 'Johnson', 'washington-dc-d28c719e@example.com', 'washington-dc-d28c719e', 'none', false, NULL, NULL, ARRAY['washington dc']::VARCHAR[], NULL),
    ('washington dc', 'b9224f9a-62c0-44be-b416-6aa4fa6afadf', 'Maria', 'Little', 'washington-dc-b9224f9a@example.com', 'washington-dc-b9224f9a', 'none', false, NULL, NULL, ARRAY['washington dc']::VARCHAR[], NULL),
    ('seattle', '51f3f65f-99c5-42bb-9a9c-621e9891d79d', 'Tonya', 'Ward', 'seattle-51f3f65f@example.com', 'seattle-51f3f65f', 'none', true, NULL, NULL, ARRAY[]::VARCHAR[], NULL),
    ('seattle', '8299c577-fd62-402c-924a-2da4f6a6e0e2', 'Anthony', 'Montes', 'seattle-8299c577@example.com', 'seattle-8299c577', 'none', false, NULL, NULL, ARRAY['seattle']::VARCHAR[], NULL),
    ('seattle', 'bc17bda7-ef78-4e4b-a35f-94cae250d694', 'Erica', 'Jones', 'seattle-bc17bda7@example.com', 'seattle-bc17bda7', 'none', false, NULL, NULL, ARRAY[]::VARCHAR[], NULL),
    ('san francisco', '6df57e0f-a887-4d10-ac2f-4bbc5c91da09', 'James', 'Jones', 'san-francisco-6df57e0f@example.com', 'san-francisco-6df57e0f', 'none', true, NULL, NULL, ARRAY[]::VARCHAR[], NULL),
    ('san francisco', '46e0fe0e-0b6e-4fff-ade5-de00f366b4a5', 'Jack', 'Gray', 'san-francisco-46e0fe0e@example.com', 'san-francisco-46e0fe0e', 'none', false, NULL, NULL, ARRAY['san francisco']::VARCHAR[], NULL),
    ('san francisco', '79ddd601-07e9-402a-895b-a73ea842b9a0', 'Kristina', 'Oconnor', 'san-francisco-79ddd601@example.com', 'san-francisco-79ddd601', 'none', false, NULL, NULL, ARRAY['san francisco']::VARCHAR[], NULL),
    ('los angeles', 'd6a9807a-2e30-4f18-b8f4-53d50bcbbc84', 'Christina', 'Nunez', 'los-angeles-d6a9807a@example.com', 'los-angeles-d6a9807a', 'none', true, NULL, NULL, ARRAY[]::VARCHAR[], NULL),
    ('los angeles', '1cc2c498-fa62-45a5-a2a8-ddcdf4a53481', 'Ashley', 'Johnson', 'los-angeles-1cc2c498@example.com', 'los-angeles-1cc2c498', 'none', false, NULL, NULL, ARRAY['los angeles']::VARCHAR[], NULL),
    ('los angeles', '78830fee-522d-43b0-a9bb-7c1710d4bea6', 'Michelle', 'Davis', 'los-angeles-78830fee@example.com', 'los-angeles-78830fee', 'none', false, NULL, NULL, ARRAY['los angeles']::VARCHAR[], NULL),
    ('amsterdam', '6ba8ba01-cc8b-4ffe-9fc9-ac1cefe02249', 'Nout', 'van Westfalen', 'amsterdam-6ba8ba01@example.com', 'amsterdam-6ba8ba01', 'none', true, NULL, NULL, ARRAY[]::VARCHAR[], NULL),
    ('amsterdam', '9818b5b4-bf8c-4ac2-8b79-deb7c2a449b4', 'Thijn', 'Scholten', 'amsterdam-9818b5b4@example.com', 'amsterdam-9818b5b4', 'none', false, NULL, NULL, ARRAY['amsterdam']::VARCHAR[], NULL),
    ('amsterdam', 'a72ef540-3edd-47b1-a917-ad9561817eb2', 'Roos', 'van Rijnsbergen', 'amsterdam-a72ef540@example.com', 'amsterdam-a72ef540', 'none', false, NULL, NULL, ARRAY['amsterdam']::VARCHAR[], NULL),
    ('paris', '426a12be-a52a-426c-8538-94621dea4ff8', 'Luce', 'Lejeune', 'paris-426a12be@example.com', 'paris-426a12be', 'none', true, NULL, NULL, ARRAY[]::VARCHAR[], NULL),
    ('paris', '9b894a43-33a9-4ac6-85fc-068aaac3daf8', 'Laurent', 'Leroy', 'paris-9b894a43@example.com', 'paris-9b894a43', 'none', false, NULL, NULL, ARRAY['paris']::VARCHAR[], NULL),
    ('paris', 'da5a0dcd-0864-4e7e-8cdd-15ceff8b6f84', 'Élodie', 'Pottier', 'paris-da5a0dcd@example.com', 'paris-da5a0dcd', 'none', false, NULL, NULL, ARRAY['paris']::VARCHAR[], NULL),
    ('rome', 'ca43a569-720b-4964-b299-aa256bc53d0a', 'Alfio', 'Druso', 'rome-ca43a569@example.com', 'rome-ca43a569', 'none', true, NULL, NULL, ARRAY[]::VARCHAR[], NULL),
    ('rome', 'e8695aa2-468d-4359-9076-28b595266c36', 'Gianmarco', 'Binaghi', 'rome-e8695aa2@example.com', 'rome-e8695aa2', 'none', false, NULL, NULL, ARRAY['rome']::VARCHAR[], NULL),
    ('rome', '708e6c72-3dec-4953-b796-06f8ac7d35ad', 'Umberto', 'Zichichi', 'rome-708e6c72@example.com', 'rome-708e6c72', 'none', false, NULL, NULL, ARRAY['rome']::VARCHAR[], NULL);

INSERT INTO vehicles (city, id, type, owner_id, date_added, status, last_location, color, brand, latitude, longitude) VALUES
    ('new york', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', 'skateboard', 'dd3b44f4-00b9-4db0-a686-f47b2756f2bc', '2019-02-15 12:00:00+00:00', 'available', '16 Astor Place', 'orange', 'Element', 40.729751, -73.991298),
    ('new york', 'a8501292-4f83-4c33-bfb1-a48e3272fc24', 'scooter', 'dd3b44f4-00b9-4db0-a686-f47b2756f2bc', '2019-01-11 12:00:00+00:00', 'available', '185 Bleecker Street', 'green', 'Kickstone', 40.726585, -73.996543),
    ('new york', '3ecb56d9-5691-4e3e-9eb9-0b39e05f4c7c', 'bike', 'dd3b44f4-00b9-4db0-a686-f47b2756f2bc', '2019-03-12 12:00:00+00:00', 'available', '58 6th Avenue', 'red', 'Merida', 40.741788, -73.993932),
    ('new york', '231541f1-717c-43de-a75f-86a337c0c99a', 'bike', 'dd3b44f4-00b9-4db0-a686-f47b2756f2bc', '2019-05-16 12:00:00+00:00', 'available', '163 East 14th Street', 'yellow', 'Kona', 40.734519, -73.99051),
    ('boston', 'a089271e-fdb6-41f2-bf32-5c817fe2960c', 'bike', '4c966831-5a82-4a7d-9b20-495ec0a542c8', '2018-12-23 12:00:00+00:00', 'available', '100 Longwood Avenue', 'yellow', 'Santa Cruz', 42.338619, -71.106679),
    ('boston', '28ea1d08-8ab2-43ee-bbdb-e116c27dc370', 'skateboard', '4c966831-5a82-4a7d-9b20-495ec0a542c8', '2019-05-17 12:00:00+00:00', 'available', '149 Charles Street', 'green', 'Longboarder', 42.356126, -71.069785),
    ('boston', 'e12d85b5-a1cc-4caf-ba35-3afcbcd0658a', 'skateboard', '4c966831-5a82-4a7d-9b20-495ec0a542c8', '2019-06-23 12:00:00+00:00', 'available', '187 Atlantic Avenue', 'green', 'Longboarder', 42.359647, -71.051543),
    ('boston', 'cd22ee72-ceb8-4d1e-a8c6-8a1103439c62', 'bike', '4c966831-5a82-4a7d-9b20-495ec0a542c8', '2019-02-26 12:00:00+00:00', 'available', '33 Cambridge Street', 'orange', 'Merida', 42.361202, -71.0653),
    ('washington dc', '15d25c65-1dd6-474f-a21a-4f795a34a388', 'skateboard', '11c3bd4c-2061-4293-9360-3bc269d2cb9f', '2019-06-06 12:00:00+00:00', 'available', '89 H Street NE', 'orange', 'Quarterpipe', 38.899719, -76.991323),
    ('washington dc', '2d84cbf0-0b3d-4d0d-96e4-3c736eabe3ce', 'scooter', '11c3bd4c-2061-4293-9360-3bc269d2cb9f', '2019-01-31 12:00:00+00:00', 'available', '30 Florida Avenue NW', 'red', 'Kickstone', 38.912493, -77.01314),
    ('washington dc', '68124e78-d79b-47d1-ab47-7701d4601b83', 'bike', '11c3bd4c-2061-4293-9360-3bc269d2cb9f', '2019-09-05 12:00:00+00:00', 'available', '199 Pennsylvania Avenue NW', 'red', 'Fuji', 38.899518, -77.041668),
    ('washington dc', '688c0a0b-f5bc-4b21-befd-7a6e13c14c56', 'scooter', '11c3bd4c-2061-4293-9360-3bc269d2cb9f', '2019-08-28 12:00:00+00:00', 'available', '63 M Street NW', 'teal', 'Voltrider', 38.904863, -77.056535),
    ('seattle', 'c7e66159-4ad2-4624-8c7c-26219677c653', 'bike', '51f3f65f-99c5-42bb-9a9c-621e9891d79d', '2019-06-18 12:00:00+00:00', 'available', '55 Fairview Avenue North', 'red', 'Pinarello', 47.624468, -122.333841),
    ('seattle', 'f1a3e6c0-2e0a-4ef6-b65e-2502a8d39009', 'skateboard', '51f3f65f-99c5-42bb-9a9c-621e9891d79d', '2019-07-30 12:00:00+00:00', 'available', '75 Queen Anne Avenue North', 'blue', 'Plank & Sons', 47.624336, -122.357217),
    ('seattle', 'a56eb8f6-ef0b-45be-ba14-1067549d13e3', 'scooter', '51f3f65f-99c5-42bb-9a9c-621e9891d79d', '2019-04-28 12:00:00+00:00', 'available', '223 South Jackson Street', 'yellow', 'Zephyr', 47.599533, -122.32991),
    ('seattle', 'c08bee58-aaf4-4d53-a28f-7edca363ca8e', 'skateboard', '51f3f65f-99c5-42bb-9a9c-621e9891d79d', '2019-05-28 12:00:00+00:00', 'available', '7 South Jackson Street', 'white', 'Quarterpipe', 47.59926, -122.329495),
    ('san francisco', 'ab379c95-f6f2-433b-9ce1-8acd7d08a1dc', 'skateboard', '6df57e0f-a887-4d10-ac2f-4bbc5c91da09', '2019-09-18 12:00:00+00:00', 'available', '130 Dolores Street', 'yellow', 'Longboarder', 37.76163, -122.425943),
    ('san francisco', 'a6343b4c-78d0-4d7a-8c33-5399d0ce7c53', 'skateboard', '6df57e0f-a887-4d10-ac2f-4bbc5c91da09', '2019-09-07 12:00:00+00:00', 'available', '193 Folsom Street', 'orange', 'Element', 37.769801, -122.415765),
    ('san francisco', 'a8789e6f-fd08-49e2-837a-3196873c3c93', 'scooter', '6df57e0f-a887-4d10-ac2f-4bbc5c91da09', '2019-02-23 12:00:00+00:00', 'available', '42 Columbus Avenue', 'white', 'Curbside', 37.800476, -122.410252),
    ('san francisco', '297512ce-4e04-4871-b046-92a112a4d700', 'bike', '6df57e0f-a887-4d10-ac2f-4bbc5c91da09', '2019-06-07 12:00:00+00:00', 'available', '84 2nd Street', 'orange', 'Kona', 37.782394, -122.392608),
    ('los angeles', 'ef25ed87-c67b-497e-aecb-8b083afbb52c', 'scooter', 'd6a9807a-2e30-4f18-b8f4-53d50bcbbc84', '2019-02-08 12:00:00+00:00', 'available', '95 Highland Avenue', 'orange', 'Curbside', 34.097972, -118.338865),
    ('los angeles', '8a1b064a-49e0-40d8-9c8f-28375f0b99ee', 'scooter', 'd6a9807a-2e30-4f18-b8f4-53d50bcbbc84', '2019-02-28 12:00:00+00:00', 'available', '179 Exposition Boulevard', 'teal', 'Kickstone', 34.018231, -118.28571),
    ('los angeles', '06046500-c445-4731-9fb5-856c7f152b33', 'skateboard', 'd6a9807a-2e30-4f18-b8f4-53d50bcbbc84', '2019-05-08 12:00:00+00:00', 'available', '41 Fairfax Avenue', 'orange', 'Plank & Sons', 34.076424, -118.361875),
    ('los angeles', 'f6aaa8d8-5806-4152-8be0-c466b940137b', 'scooter', 'd6a9807a-2e30-4f18-b8f4-53d50bcbbc84', '2019-03-28 12:00:00+00:00', 'available', '169 Spring Street', 'yellow', 'Zephyr', 34.046979, -118.249772),
    ('amsterdam', 'aa9a8e8c-ee9a-4a07-b68b-104185a212d5', 'skateboard', '6ba8ba01-cc8b-4ffe-9fc9-ac1cefe02249', '2019-01-12 12:00:00+00:00', 'available', 'Plantage Middenlaan 149', 'black', 'Element', 52.366236, 4.911571),
    ('amsterdam', 'fb388844-995c-4df4-8ae3-328698b32567', 'scooter', '6ba8ba01-cc8b-4ffe-9fc9-ac1cefe02249', '2019-06-14 12:00:00+00:00', 'available', 'Damrak 46', 'red', 'Curbside', 52.375196, 4.895298),
    ('amsterdam', '432fde18-ca7d-4279-995d-840d5821ffa9', 'skateboard', '6ba8ba01-cc8b-4ffe-9fc9-ac1cefe02249', '2019-05-24 12:00:00+00:00', 'available', 'Singel 184', 'yellow', 'Quarterpipe', 52.367103, 4.89082),
    ('amsterdam', '4614070f-e602-4f61-9e8e-a6a1a4911ace', 'bike', '6ba8ba01-cc8b-4ffe-9fc9-ac1cefe02249', '2019-04-16 12:00:00+00:00', 'available', 'Damrak 40', 'green', 'Merida', 52.374844, 4.895555),
    ('paris', '27d81af0-4808-4982-9838-8b56538f35d8', 'bike', '426a12be-a52a-426c-8538-94621dea4ff8', '2019-07-27 12:00:00+00:00', 'available', '219 Rue de Rivoli', 'red', 'Cervelo', 48.857028, 2.35187),
    ('paris', '9504fc8d-cadf-4a4a-b768-9ec4d6816665', 'skateboard', '426a12be-a52a-426c-8538-94621dea4ff8', '2019-09-06 12:00:00+00:00', 'available', '170 Rue de Rivoli', 'black', 'Element', 48.857249, 2.352381),
    ('paris', '9174be9f-aebf-4745-b238-13343fd875ed', 'skateboard', '426a12be-a52a-426c-8538-94621dea4ff8', '2019-09-13 12:00:00+00:00', 'available', '67 Rue des Francs-Bourgeois', 'yellow', 'Quarterpipe', 48.857475, 2.36188),
    ('paris', '12a532b9-fc50-4e33-898c-de0479040952', 'skateboard', '426a12be-a52a-426c-8538-94621dea4ff8', '2019-05-12 12:00:00+00:00', 'available', '57 Avenue d''Italie', 'yellow', 'Element', 48.826524, 2.356917),
    ('rome', '7cf09c14-42e4-4790-a7df-06c0b07b10f2', 'bike', 'ca43a569-720b-4964-b299-aa256bc53d0a', '2019-02-20 12:00:00+00:00', 'available', 'Viale Giulio Cesare 224', 'blue', 'Santa Cruz', 41.909635, 12.457943),
    ('rome', '95b7e225-82e0-4275-ab36-853b1a6e3b13', 'skateboard', 'ca43a569-720b-4964-b299-aa256bc53d0a', '2019-01-16 12:00:00+00:00', 'available', 'Via Appia Nuova 184', 'blue', 'Plank & Sons', 41.881827, 12.514072),
    ('rome', '9543d1b1-bcc8-4d67-a81c-c62d803458ab', 'scooter', 'ca43a569-720b-4964-b299-aa256bc53d0a', '2019-05-25 12:00:00+00:00', 'available', 'Via della Conciliazione 93', 'yellow', 'Zephyr', 41.902188, 12.460705),
    ('rome', '02eb2447-9088-4d08-abae-650071351dfd', 'skateboard', 'ca43a569-720b-4964-b299-aa256bc53d0a', '2019-10-04 12:00:00+00:00', 'available', 'Via Cavour 232', 'red', 'Quarterpipe', 41.898813, 12.497298);

INSERT INTO rides (city, id, vehicle_id, rider_id, rider_city, start_location, end_location, start_time, end_time, length) VALUES
    ('new york', '868bc334-e7e0-4b7f-8f44-f7329add2094', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', '5e83eb02-2ea2-442a-ba3b-c3967cbac1d3', 'new york', '159 Park Avenue', '34 Central Park South', '2019-10-14 05:11:03.030282+00:00', '2019-10-14 05:52:36.030282+00:00', '0:41:33'),
    ('new york', '687779ef-5715-4276-bfdd-fc60894945d5', '3ecb56d9-5691-4e3e-9eb9-0b39e05f4c7c', '20c657ab-8352-403b-9e48-60f6512424e6', 'new york', '237 Christopher Street', '46 Bedford Avenue', '2019-10-29 01:11:11.021933+00:00', '2019-10-29 01:42:05.021933+00:00', '0:30:54'),
    ('new york', '4c33885c-7d5b-4a42-80ec-507b94766c52', 'a11d7967-efc9-40e1-b54a-282d5ff8bd05', '20c657ab-8352-403b-9e48-60f6512424e6', 'new york', '34 Central Park South', '16 Astor Place', '2019-10-29 06:47:52.418412+00:00', '2019-10-29 06:58:35.418412+00:00', '0:10:43'),
    ('new york', '4f2afb1e-3f79-43ed-87e0-eeb965f96358', 'a8501292-4f83-4c33-bfb1-a48e3272fc24', '5e83eb02-2ea2-442a-ba3b-c3967cbac1d3', 'new york', '234 Wall Street', '189 East 14th Street', '2019-11-01 21:53:36.213435+00:00', '2019-11-01 22:20:55.213435+00:00', '0:27:19'),
    ('new york', 'e98f65ba-e057-436e-961b-8e4e4f444ee9', 'a8501292-4f83-4c33-bfb1-a48e3272fc24', '5e83eb02-2ea2-442a-ba3b-c3967cbac1d3', 'new york', '189 East 14th Street', '185 Bleecker Street', '2019-11-04 02:08:35.355836+00:00', '2019-11-04 02:48:03.355836+00:00', '0:39:28'),
    ('new york', 'a2912b6e-8313-4af7-9c51-54c9a87addb2', '3ecb56d9-5691-4e3e-9eb9-0b39e05f4c7c', '20c657ab-8352-403b-9e48-60f6512424e6', 'new york', '46 Bedford Avenue', '58 6th Avenue', '2019-11-11 18:17:06.336156+00:00', '2019-11-11 18:51:29.336156+00:00', '0:34:23'),
    ('boston', '0f2564b1-53a2-41b8-8d4a-24de0a968464', 'cd22ee72-ceb8-4d1e-a8c6-8a1103439c62', '09b29f67-d9b4-42c3-b44c-3ac39dcc0bc2', 'boston', '186 Brookline Avenue', '168 Boylston Street', '2019-10-15 03:59:34.465275+00:00', '2019-10-15 04:21:39.465275+00:00', '0:22:05'),
    ('boston', '4e7e11d3-95d9-4107-a26e-403a0726cd80', '28ea1d08-8ab2-43ee-bbdb-e116c27dc370', 'bdb8ac0f-35bb-4118-a79a-324400de7934', 'boston', '60 Causeway Street', '130 Boylston Street', '2019-10-30 02:49:08.646215+00:00', '2019-10-30 02:56:54.646215+00:00', '0:07:46'),
    ('boston', 'c79d2dea-fdeb-4b6b-b665-a302d1a9e687', '28ea1d08-8ab2-43ee-bbdb-e116c27dc370', 'bdb8ac0f-35bb-4118-a79a-324400de7934', 'boston', '130 Boylston Street', '149 Charles Street', '2019-10-31 11:10:04.639792+00:00', '2019-10-31 11:37:53.639792+00:00', '0:27:49'),
    ('boston', '19f236a9-887c-4c1d-a437-6fd4ee519c0c', 'cd22ee72-ceb8-4d1e-a8c6-8a1103439c62', 'bdb8ac0f-35bb-4118-a79a-324400de7934', 'boston', '168 Boylston Street', '33 Cambridge Street', '2019-10-31 17:48:23.944764+00:00', '2019-10-31 18:06:14.944764+00:00', '0:17:51'),
    ('boston', 'ce8f5755-4a44-40d1-9695-abd54a32ddd4', 'a089271e-fdb6-41f2-bf32-5c817fe2960c', 'bdb8ac0f-35bb-4118-a79a-324400de7934', 'boston', '83 State Street', '9 Longwood Avenue', '2019-11-04 04:37:39.777838+00:00', '2019-11-04 05:15:27.777838+00:00', '0:37:48'),
    ('boston', '5baa42fb-e76c-45dc-880f-839e57ceb585', 'a089271e-fdb6-41f2-bf32-5c817fe2960c', 'bdb8ac0f-35bb-4118-a79a-324400de7934', 'boston', '9 Longwood Avenue', '100 Longwood Avenue', '2019-11-04 16:05:53.695757+00:00', '2019-11-04 16:27:55.695757+00:00', '0:22:02'),
    ('washington dc', '5b672aec-67a3-4a8d-ae91-d98cd95b34b5', '68124e78-d79b-47d1-ab47-7701d4601b83', 'd28c719e-1022-46b1-8c36-7d20c6fee58f', 'washington dc', '60 Connecticut Avenue NW', '50 Wisconsin Avenue NW', '2019-10-14 12:30:24.662077+00:00', '2019-10-14 12:37:41.662077+00:00', '0:07:17'),
    ('washington dc', '5aaa3138-37bc-4107-b1a1-54a1ea37b51e', '688c0a0b-f5bc-4b21-befd-7a6e13c14c56', 'd28c719e-1022-46b1-8c36-7d20c6fee58f', 'washington dc', '164 Pennsylvania Avenue NW', '63 M Street NW', '2019-10-21 04:59:15.714533+00:00', '2019-10-21 05:35:56.714533+00:00', '0:36:41'),
    ('washington dc', '4a2c1584-6ab8-4222-bdbf-671134de08d7', '15d25c65-1dd6-474f-a21a-4f795a34a388', 'b9224f9a-62c0-44be-b416-6aa4fa6afadf', 'washington dc', '68 Florida Avenue NW', '89 H Street NE', '2019-11-01 07:07:24.580381+00:00', '2019-11-01 07:30:11.580381+00:00', '0:22:47'),
    ('washington dc', 'be5ac11b-a2ae-4827-b53f-1259f33f686b', '68124e78-d79b-47d1-ab47-7701d4601b83', 'd28c719e-1022-46b1-8c36-7d20c6fee58f', 'washington dc', '50 Wisconsin Avenue NW', '123 18th Street NW', '2019-11-06 03:53:03.890808+00:00', '2019-11-06 03:58:45.890808+00:00', '0:05:42'),
    ('washington dc', 'c7c84994-d4ed-4736-85f7-c56df8b75415', '68124e78-d79b-47d1-ab47-7701d4601b83', 'd28c719e-1022-46b1-8c36-7d20c6fee58f', 'washington dc', '123 18th Street NW', '34 Wisconsin Avenue NW', '2019-11-11 07:13:15.654161+00:00', '2019-11-11 07:25:31.654161+00:00', '0:12:16'),
    ('washington dc', '9ecbf3f7-a0ba-4284-b368-61defd7d34f2', '68124e78-d79b-47d1-ab47-7701d4601b83', 'b9224f9a-62c0-44be-b416-6aa4fa6afadf', 'washington dc', '34 Wisconsin Avenue NW', '199 Pennsylvania Avenue NW', '2019-11-11 11:29:07.878313+00:00', '2019-11-11 11:59:18.878313+00:00', '0:30:11'),
    ('seattle', 'fd7008f8-67d9-4238-b4a9-95a2d2da0fb1', 'a56eb8f6-ef0b-45be-ba14-1067549d13e3', '8299c577-fd62-402c-924a-2da4f6a6e0e2', 'seattle', '95 East Pine Street', '17 Queen Anne Avenue North', '2019-10-14 21:57:27.169235+00:00', '2019-10-14 22:22:15.169235+00:00', '0:24:48'),
    ('seattle', '6fadb60c-eec3-4a67-8b4b-a4f7f21a3f13', 'a56eb8f6-ef0b-45be-ba14-1067549d13e3', '8299c577-fd62-402c-924a-2da4f6a6e0e2', 'seattle', '17 Queen Anne Avenue North', '223 South Jackson Street', '2019-10-18 10:13:41.640131+00:00', '2019-10-18 10:31:54.640131+00:00', '0:18:13'),
    ('seattle', '707e17c2-2d1c-4f20-97ce-c6a00d080e52', 'f1a3e6c0-2e0a-4ef6-b65e-2502a8d39009', '8299c577-fd62-402c-924a-2da4f6a6e0e2', 'seattle', '89 3rd Avenue', '186 7th Avenue', '2019-10-31 04:51:49.779208+00:00', '2019-10-31 05:14:21.779208+00:00', '0:22:32'),
    ('seattle', '5c8f0529-d8fb-4ac9-ac88-794b176c0c81', 'f1a3e6c0-2e0a-4ef6-b65e-2502a8d39009', '8299c577-fd62-402c-924a-2da4f6a6e0e2', 'seattle', '186 7th Avenue', '138 Alaskan Way', '2019-11-04 06:00:37.924737+00:00', '2019-11-04 06:39:28.924737+00:00', '0:38:51'),
    ('seattle', '1a0559b7-0f36-474d-9141-796dcb59c654', 'f1a3e6c0-2e0a-4ef6-b65e-2502a8d39009', '8299c577-fd62-402c-924a-2da4f6a6e0e2', 'seattle', '138 Alaskan Way', '137 Westlake Avenue', '2019-11-06 04:00:48.737228+00:00', '2019-11-06 04:40:01.737228+00:00', '0:39:13'),
    ('seattle', '5904d29c-06f6-4bb4-8f01-5fc9953225ab', 'f1a3e6c0-2e0a-4ef6-b65e-2502a8d39009', '8299c577-fd62-402c-924a-2da4f6a6e0e2', 'seattle', '137 Westlake Avenue', '75 Queen Anne Avenue North', '2019-11-12 01:29:12.252631+00:00', '2019-11-12 01:45:43.252631+00:00', '0:16:31'),
    ('san francisco', 'ec7ce002-ce46-4a59-8910-bd869c6b9616', '297512ce-4e04-4871-b046-92a112a4d700', '79ddd601-07e9-402a-895b-a73ea842b9a0', 'san francisco', '221 Castro Street', '29 Grant Avenue', '2019-10-15 22:43:40.137659+00:00', '2019-10-15 23:16:13.137659+00:00', '0:32:33'),
    ('san francisco', 'd58f1684-6b18-411a-bbee-1fa6f4332082', '297512ce-4e04-4871-b046-92a112a4d700', '79ddd601-07e9-402a-895b-a73ea842b9a0', 'san francisco', '29 Grant Avenue', '84 2nd Street', '2019-10-27 11:16:14.426778+00:00', '2019-10-27 11:38:38.426778+00:00', '0:22:24'),
    ('san francisco', 'c8b190ba-a155-4ffc-a0a2-9ec6d3ff6d7a', 'a8789e6f-fd08-49e2-837a-3196873c3c93', '79ddd601-07e9-402a-895b-a73ea842b9a0', 'san francisco', '95 Clement Street', '76 Dolores Street', '2019-10-29 17:52:58.751179+00:00', '2019-10-29 18:04:23.751179+00:00', '0:11:25'),
    ('san francisco', 'cbf6367f-79cd-420c-9e8e-961efe5228ad', 'a8789e6f-fd08-49e2-837a-3196873c3c93', '46e0fe0e-0b6e-4fff-ade5-de00f366b4a5', 'san francisco', '76 Dolores Street', '106 Castro Street', '2019-11-02 23:28:41.423856+00:00', '2019-11-03 00:04:37.423856+00:00', '0:35:56'),
    ('san francisco', 'e4d67041-b283-444f-b0f3-4d77d92bf42f', 'ab379c95-f6f2-433b-9ce1-8acd7d08a1dc', '79ddd601-07e9-402a-895b-a73ea842b9a0', 'san francisco', '40 Polk Street', '130 Dolores Street', '2019-11-08 06:23:49.178453+00:00', '2019-11-08 06:58:10.178453+00:00', '0:34:21'),
    ('san francisco', '9afaf802-ae11-49f0-869e-1dbc3436db17', 'a8789e6f-fd08-49e2-837a-3196873c3c93', '46e0fe0e-0b6e-4fff-ade5-de00f366b4a5', 'san francisco', '106 Castro Street', '42 Columbus Avenue', '2019-11-11 15:45:12.011192+00:00', '2019-11-11 16:20:36.011192+00:00', '0:35:24'),
    ('los angeles', '1f707d9a-c84a-457b-ac6b-bbfff2809465', '06046500-c445-4731-9fb5-856c7f152b33', '1cc2c498-fa62-45a5-a2a8-ddcdf4a53481', 'los angeles', '112 Alameda Street', '150 Normandie Avenue', '2019-10-20 07:54:06.894770+00:00', '2019-10-20 07:58:18.894770+00:00', '0:04:12'),
    ('los angeles', '71eead7e-04ff-4365-9278-709f79c47c09', '06046500-c445-4731-9fb5-856c7f152b33', '78830fee-522d-43b0-a9bb-7c1710d4bea6', 'los angeles', '150 Normandie Avenue', '132 Exposition Boulevard', '2019-10-28 22:07:45.024072+00:00', '2019-10-28 22:25:18.024072+00:00', '0:17:33'),
    ('los angeles', '14673e71-c000-40dc-ab71-874a4371835a', 'ef25ed87-c67b-497e-aecb-8b083afbb52c', '1cc2c498-fa62-45a5-a2a8-ddcdf4a53481', 'los angeles', '22 Beverly Boulevard', '213 La Brea Avenue', '2019-10-30 06:48:58.232729+00:00', '2019-10-30 07:25:53.232729+00:00', '0:36:55'),
    ('los angeles', '57fa4774-5252-4908-893b-8a0b04ffde7c', 'f6aaa8d8-5806-4152-8be0-c466b940137b', '1cc2c498-fa62-45a5-a2a8-ddcdf4a53481', 'los angeles', '217 Beverly Boulevard', '169 Spring Street', '2019-10-31 22:16:30.528023+00:00', '2019-10-31 22:45:11.528023+00:00', '0:28:41'),
    ('los angeles', 'ce7ea92e-4781-4b3b-b0c1-6730e0caf0b7', 'ef25ed87-c67b-497e-aecb-8b083afbb52c', '1cc2c498-fa62-45a5-a2a8-ddcdf4a53481', 'los angeles', '213 La Brea Avenue', '95 Highland Avenue', '2019-11-06 03:44:35.742776+00:00', '2019-11-06 04:22:04.742776+00:00', '0:37:29'),
    ('los angeles', '8d903682-4f57-414c-939f-e76cdddfec22', '06046500-c445-4731-9fb5-856c7f152b33', '78830fee-522d-43b0-a9bb-7c1710d4bea6', 'los angeles', '132 Exposition Boulevard', '41 Fairfax Avenue', '2019-11-09 23:41:34.713135+00:00', '2019-11-09 23:51:33.713135+00:00', '0:09:59'),
    ('amsterdam', 'ee3b75c2-623e-49c9-887a-b45cd5d4617f', '4614070f-e602-4f61-9e8e-a6a1a4911ace', '9818b5b4-bf8c-4ac2-8b79-deb7c2a449b4', 'amsterdam', 'Sarphatistraat 5', 'Damrak 40', '2019-10-23 22:34:04.148871+00:00', '2019-10-23 22:46:07.148871+00:00', '0:12:03'),
    ('amsterdam', '17725ec9-97bb-4f54-8f76-f8d49f71aa3f', '432fde18-ca7d-4279-995d-840d5821ffa9', 'a72ef540-3edd-47b1-a917-ad9561817eb2', 'amsterdam', 'Singel 197', 'Dam 138', '2019-10-25 11:27:39.890031+00:00', '2019-10-25 12:04:06.890031+00:00', '0:36:27'),
    ('amsterdam', 'abbf4355-121d-4933-ae97-44d55fd79259', 'fb388844-995c-4df4-8ae3-328698b32567', 'a72ef540-3edd-47b1-a917-ad9561817eb2', 'amsterdam', 'Wibautstraat 91', 'Damrak 46', '2019-11-02 14:33:04.838945+00:00', '2019-11-02 14:39:16.838945+00:00', '0:06:12'),
    ('amsterdam', '7c3b898a-e788-46b5-90fb-9bcba94da53c', 'aa9a8e8c-ee9a-4a07-b68b-104185a212d5', 'a72ef540-3edd-47b1-a917-ad9561817eb2', 'amsterdam', 'Haarlemmerstraat 175', 'Herengracht 67', '2019-11-03 09:15:44.523856+00:00', '2019-11-03 09:27:23.523856+00:00', '0:11:39'),
    ('amsterdam', '085c3c94-20c8-415c-a41c-a07357a9b63d', 'aa9a8e8c-ee9a-4a07-b68b-104185a212d5', '9818b5b4-bf8c-4ac2-8b79-deb7c2a449b4', 'amsterdam', 'Herengracht 67', 'Plantage Middenlaan 149', '2019-11-03 20:37:48.905436+00:00', '2019-11-03 20:46:33.905436+00:00', '0:08:45'),
    ('amsterdam', '5a414536-3780-4132-95c6-e0d8e564ebff', '432fde18-ca7d-4279-995d-840d5821ffa9', 'a72ef540-3edd-47b1-a917-ad9561817eb2', 'amsterdam', 'Dam 138', 'Singel 184', '2019-11-09 11:55:54.773394+00:00', '2019-11-09 12:11:53.773394+00:00', '0:15:59'),
    ('paris', 'df513d10-6491-4cb6-b1f7-4573fc3e5f97', '12a532b9-fc50-4e33-898c-de0479040952', 'da5a0dcd-0864-4e7e-8cdd-15ceff8b6f84', 'paris', '178 Rue Mouffetard', '127 Rue de Rivoli', '2019-10-19 09:07:35.213521+00:00', '2019-10-19 09:21:38.213521+00:00', '0:14:03'),
    ('paris', '1875af9e-b62e-4026-900e-d63074466007', '9174be9f-aebf-4745-b238-13343fd875ed', 'da5a0dcd-0864-4e7e-8cdd-15ceff8b6f84', 'paris', '11 Avenue Daumesnil', '129 Avenue de l''Opéra', '2019-10-20 22:19:39.770293+00:00', '2019-10-20 23:02:34.770293+00:00', '0:42:55'),
    ('paris', 'cf11c65d-aa1a-48e2-839b-5a282e56321c', '12a532b9-fc50-4e33-898c-de0479040952', '9b894a43-33a9-4ac6-85fc-068aaac3daf8', 'paris', '127 Rue de Rivoli', '57 Avenue d''Italie', '2019-11-02 17:17:56.336697+00:00', '2019-11-02 17:34:44.336697+00:00', '0:16:48'),
    ('paris', '6a7cee3f-b141-49f2-a689-299d3b4ad9d3', '27d81af0-4808-4982-9838-8b56538f35d8', '9b894a43-33a9-4ac6-85fc-068aaac3daf8', 'paris', '238 Avenue de l''Opéra', '46 Rue Montorgueil', '2019-11-03 12:50:43.588761+00:00', '2019-11-03 13:03:50.588761+00:00', '0:13:07'),
    ('paris', '579857f7-1b43-4878-aede-f7c317873327', '27d81af0-4808-4982-9838-8b56538f35d8', 'da5a0dcd-0864-4e7e-8cdd-15ceff8b6f84', 'paris', '46 Rue Montorgueil', '219 Rue de Rivoli', '2019-11-08 09:16:11.197813+00:00', '2019-11-08 09:29:43.197813+00:00', '0:13:32'),
    ('paris', 'e577425b-f6a2-4c8d-a572-3e2c07bea4b6', '9174be9f-aebf-4745-b238-13343fd875ed', '9b894a43-33a9-4ac6-85fc-068aaac3daf8', 'paris', '129 Avenue de l''Opéra', '67 Rue des Francs-Bourgeois', '2019-11-10 00:58:59.841804+00:00', '2019-11-10 01:17:07.841804+00:00', '0:18:08'),
    ('rome', 'c5fd1a3b-ad83-4e2e-b21f-62a836a4d837', '9543d1b1-bcc8-4d67-a81c-c62d803458ab', 'e8695aa2-468d-4359-9076-28b595266c36', 'rome', 'Via del Corso 93', 'Via della Conciliazione 93', '2019-10-14 02:04:00.142503+00:00', '2019-10-14 02:42:27.142503+00:00', '0:38:27'),
    ('rome', '2275ef62-6a46-43b9-94f9-e3acd94b7c88', '7cf09c14-42e4-4790-a7df-06c0b07b10f2', '708e6c72-3dec-4953-b796-06f8ac7d35ad', 'rome', 'Campo de'' Fiori 215', 'Via Giulia 54', '2019-10-17 21:11:59.484074+00:00', '2019-10-17 21:33:32.484074+00:00', '0:21:33');
INSERT INTO rides (city, id, vehicle_id, rider_id, rider_city, start_location, end_location, start_time, end_time, length) VALUES
    ('rome', '010b692a-1588-4aa5-b207-0472d2364004', '95b7e225-82e0-4275-ab36-853b1a6e3b13', '708e6c72-3dec-4953-b796-06f8ac7d35ad', 'rome', 'Via Marmorata 62', 'Piazza Venezia 190', '2019-10-24 03:11:47.461253+00:00', '2019-10-24 03:23:31.461253+00:00', '0:11:44'),
    ('rome', 'c3dde7b5-09ba-4e28-8ca8-eabd83c78cf8', '95b7e225-82e0-4275-ab36-853b1a6e3b13', 'e8695aa2-468d-4359-9076-28b595266c36', 'rome', 'Piazza Venezia 190', 'Via Appia Nuova 184', '2019-11-01 13:38:36.677883+00:00', '2019-11-01 14:06:25.677883+00:00', '0:27:49'),
    ('rome', 'bac21144-6097-4e7c-8152-f4a164b4fbe3', '7cf09c14-42e4-4790-a7df-06c0b07b10f2', 'e8695aa2-468d-4359-9076-28b595266c36', 'rome', 'Via Giulia 54', 'Viale Giulio Cesare 224', '2019-11-07 23:29:13.266901+00:00', '2019-11-07 23:56:19.266901+00:00', '0:27:06'),
    ('rome', 'ef17ccc4-64d7-4a22-b82a-1b5bc59945c0', '02eb2447-9088-4d08-abae-650071351dfd', 'e8695aa2-468d-4359-9076-28b595266c36', 'rome', 'Via Vittorio Veneto 153', 'Via Cavour 232', '2019-11-10 14:59:10.966635+00:00', '2019-11-10 15:17:28.966635+00:00', '0:18:18');
