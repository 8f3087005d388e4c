-- The database and its roles, as in ../postgresql/roles.sql. It may run again.
CREATE DATABASE IF NOT EXISTS movr;
CREATE USER IF NOT EXISTS movr;
CREATE USER IF NOT EXISTS movr_owner;
ALTER DATABASE movr OWNER TO movr_owner;
GRANT CONNECT ON DATABASE movr TO movr;

USE movr;
REVOKE CREATE ON SCHEMA public FROM public;
GRANT CREATE ON SCHEMA public TO movr_owner;

SET ROLE movr_owner;
-- Alembic's table, before the rights on all others are given: MovR only reads it.
CREATE TABLE IF NOT EXISTS alembic_version (
    version_num VARCHAR(32) CONSTRAINT alembic_version_pkc PRIMARY KEY
);
GRANT SELECT ON alembic_version TO movr;
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE ON TABLES TO movr;
