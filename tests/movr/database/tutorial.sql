-- The tables of the tutorial's own site on CockroachDB, without partitions, and some of its rows.
CREATE TABLE users (
    id UUID NOT NULL,
    city STRING NOT NULL,
    first_name STRING,
    last_name STRING,
    email STRING,
    username STRING,
    password_hash STRING,
    is_owner BOOL,
    CONSTRAINT "primary" PRIMARY KEY (city, id),
    CONSTRAINT users_username_key UNIQUE (username)
);
CREATE TABLE vehicles (
    id UUID NOT NULL,
    city STRING NOT NULL,
    type STRING,
    owner_id UUID,
    date_added DATE,
    status STRING,
    last_location STRING,
    color STRING,
    brand STRING,
    CONSTRAINT "primary" PRIMARY KEY (city, id),
    CONSTRAINT fk_city_ref_users FOREIGN KEY (city, owner_id) REFERENCES users (city, id)
);
CREATE INDEX vehicles_auto_index_fk_city_ref_users ON vehicles (city, owner_id, status);
CREATE TABLE rides (
    id UUID NOT NULL,
    city STRING NOT NULL,
    vehicle_id UUID,
    rider_id UUID,
    rider_city STRING NOT NULL,
    start_location STRING,
    end_location STRING,
    start_time TIMESTAMPTZ,
    end_time TIMESTAMPTZ,
    length INTERVAL,
    CONSTRAINT "primary" PRIMARY KEY (city, id),
    CONSTRAINT fk_city_ref_users FOREIGN KEY (rider_city, rider_id) REFERENCES users (city, id),
    CONSTRAINT fk_vehicle_city_ref_vehicles FOREIGN KEY (city, vehicle_id)
        REFERENCES vehicles (city, id)
);
CREATE INDEX rides_auto_index_fk_city_ref_users ON rides (rider_city, rider_id);
CREATE INDEX rides_auto_index_fk_vehicle_city_ref_vehicles ON rides (city, vehicle_id);
INSERT INTO users (city, id, first_name, last_name, email, username, password_hash, is_owner) VALUES
    ('new york', '00000000-0000-0000-0000-000000000001', 'Ada', 'Lovelace', 'ada@example.com', 'Ada', 'pbkdf2:sha256:150000$08PorGzAuezIp6me$3d8f76569ab465c0cd72f890f8ac64691805c692465da9af3ac2594475eba638', true),
    ('new york', '00000000-0000-0000-0000-000000000002', '  ', '<b>Bea</b>', 'bea at example', 'ada', 'pbkdf2:sha256:150000$08PorGzAuezIp6me$3d8f76569ab465c0cd72f890f8ac64691805c692465da9af3ac2594475eba638', false),
    ('paris', '00000000-0000-0000-0000-000000000003', 'Cat', repeat('C', 300), 'cat@example.com', 'cat', 'pbkdf2:sha256:150000$08PorGzAuezIp6me$3d8f76569ab465c0cd72f890f8ac64691805c692465da9af3ac2594475eba638', NULL),
    ('paris', '00000000-0000-0000-0000-000000000004', NULL, NULL, NULL, 'Dan the rider', NULL, NULL);
INSERT INTO vehicles (city, id, type, owner_id, date_added, status, last_location, color, brand) VALUES
    ('new york', '00000000-0000-0000-0000-000000000011', 'bike', '00000000-0000-0000-0000-000000000001', '2020-04-01', 'in_use', 'Times Sq', 'red', 'Kona'),
    ('new york', '00000000-0000-0000-0000-000000000012', 'skateboard', '00000000-0000-0000-0000-000000000001', '2020-04-02', 'unavailable', 'Wall St', NULL, 'Merida'),
    ('new york', '00000000-0000-0000-0000-000000000013', 'scooter', '00000000-0000-0000-0000-000000000001', '2020-04-03', 'removed', 'Broadway', 'blue', 'Zephyr'),
    ('paris', '00000000-0000-0000-0000-000000000014', 'scooter', NULL, NULL, 'available', NULL, NULL, NULL);
INSERT INTO rides (city, id, vehicle_id, rider_city, rider_id, start_location, end_location, start_time, end_time, length) VALUES
    ('new york', '00000000-0000-0000-0000-000000000021', '00000000-0000-0000-0000-000000000011', 'paris', '00000000-0000-0000-0000-000000000003', 'Union Sq', 'Times Sq', '2020-05-01 12:00+00', '2020-05-01 12:09+00', '9 minutes'),
    ('new york', '00000000-0000-0000-0000-000000000022', '00000000-0000-0000-0000-000000000011', 'new york', '00000000-0000-0000-0000-000000000002', 'Times Sq', NULL, '2020-05-01 13:00+00', NULL, NULL),
    ('new york', '00000000-0000-0000-0000-000000000023', '00000000-0000-0000-0000-000000000011', 'paris', '00000000-0000-0000-0000-000000000003', 'Times Sq', NULL, '2020-05-01 14:00+00', NULL, NULL),
    ('new york', '00000000-0000-0000-0000-000000000024', '00000000-0000-0000-0000-000000000013', 'paris', '00000000-0000-0000-0000-000000000004', 'Broadway', NULL, '2020-05-01 12:00+00', NULL, NULL),
    ('paris', '00000000-0000-0000-0000-000000000025', '00000000-0000-0000-0000-000000000014', 'paris', '00000000-0000-0000-0000-000000000004', 'Rue Cler', 'Rue Cler', '2020-05-01 12:00+00', '2020-05-01 12:00+00', '0');
