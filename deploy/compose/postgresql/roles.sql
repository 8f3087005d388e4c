-- The roles of MovR's database. PostgreSQL's image runs this with psql, as its superuser, when a
-- volume is new. MovR connects as `movr`, which changes rows and nothing else. Migrations and
-- placements connect as `movr_owner`, which owns the database and all of its tables.
\set movr_password `cat /run/secrets/db_movr_password`
\set owner_password `cat /run/secrets/db_owner_password`

CREATE ROLE movr LOGIN PASSWORD :'movr_password';
CREATE ROLE movr_owner LOGIN PASSWORD :'owner_password';
ALTER DATABASE movr OWNER TO movr_owner;
REVOKE ALL ON DATABASE movr FROM PUBLIC;
GRANT CONNECT ON DATABASE movr TO movr;

SET ROLE movr_owner;
-- Alembic's table, before the rights on all others are given: MovR only reads it.
CREATE TABLE alembic_version (version_num VARCHAR(32) CONSTRAINT alembic_version_pkc PRIMARY KEY);
GRANT SELECT ON alembic_version TO movr;
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE ON TABLES TO movr;
