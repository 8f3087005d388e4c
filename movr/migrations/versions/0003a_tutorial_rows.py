"""Adopt the rows of the tutorial's own site, which 0000 has set aside in the schema `tutorial`.

Its columns may be NULL and of any length, and its rides may overlap. Text is shortened and loses
markup. Names that are missing or taken by another spelling get a substitute. A vehicle without an
owner is left out, and a ride without a rider, vehicle or start, too. Of several unfinished rides of
a rider or vehicle the newest goes on; the others end where and when they began.
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003a"
down_revision = "0003"
branch_labels = None
depends_on = None

CITIES = (
    "new york",
    "boston",
    "washington dc",
    "seattle",
    "san francisco",
    "los angeles",
    "amsterdam",
    "paris",
    "rome",
)

# The hashes of Werkzeug that movr/passwords.py can check; with `none` the password is to be reset.
HASH = "^(pbkdf2:sha(1|256|512):[0-9]+|scrypt:[0-9]+:[0-9]+:[0-9]+)[$][^$]+[$][0-9a-f]+$"


def _plain(column: str, longest: int, substitute: str) -> str:
    without_markup = rf"regexp_replace({column}, '[<>\x01-\x1f\x7f]', ' ', 'g')"
    return f"coalesce(nullif(btrim(left({without_markup}, {longest})), ''), '{substitute}')"


# The rides that go on. Reads all cities, as usernames do below: both are rules over all cities.
ACTIVE = """active AS (
    SELECT city, id, vehicle_id, rider_city, rider_id FROM (
        SELECT rides.*,
            row_number() OVER (PARTITION BY rides.rider_city, rides.rider_id
                ORDER BY start_time DESC, rides.id) AS nth_of_rider,
            row_number() OVER (PARTITION BY rides.city, rides.vehicle_id
                ORDER BY start_time DESC, rides.id) AS nth_of_vehicle
        FROM tutorial.rides JOIN tutorial.vehicles
            ON vehicles.city = rides.city AND vehicles.id = rides.vehicle_id
        WHERE end_time IS NULL AND start_time IS NOT NULL AND rider_id IS NOT NULL
            AND owner_id IS NOT NULL AND coalesce(status, '') <> 'removed'
    ) AS unfinished WHERE nth_of_rider = 1 AND nth_of_vehicle = 1)"""
USERS = rf"""
WITH {ACTIVE}, named AS (
    SELECT city, id, lower(btrim(username)) AS name,
        row_number() OVER (PARTITION BY lower(btrim(username))
            ORDER BY username <> lower(username), id) AS nth
    FROM tutorial.users)
INSERT INTO users (city, id, first_name, last_name, email, username, password_hash, is_owner,
    active_ride_city, active_ride_id, cities_ridden)
SELECT users.city, users.id, {_plain("first_name", 100, "Unknown")},
    {_plain("last_name", 100, "Unknown")},
    CASE WHEN length(email) <= 254
        AND email ~ '^[^@\s<>\x01-\x1f\x7f]+@[^@\s<>\x01-\x1f\x7f]+[.][^@\s<>\x01-\x1f\x7f]+$'
        THEN email ELSE 'unknown@movr.invalid' END,
    CASE WHEN nth = 1 AND name ~ '^[a-z0-9._@+-]{{3,64}}$' THEN name
        ELSE 'user-' || CAST(users.id AS VARCHAR) END,
    CASE WHEN length(password_hash) <= 200 AND password_hash ~ '{HASH}'
        THEN password_hash ELSE 'none' END,
    coalesce(is_owner, false) OR EXISTS (SELECT 1 FROM tutorial.vehicles
        WHERE vehicles.city = users.city AND vehicles.owner_id = users.id),
    active.city, active.id,
    ARRAY(SELECT DISTINCT CAST(rides.city AS VARCHAR) FROM tutorial.rides
        WHERE rides.rider_city = users.city AND rides.rider_id = users.id)
FROM tutorial.users JOIN named ON named.city = users.city AND named.id = users.id
LEFT JOIN active ON active.rider_city = users.city AND active.rider_id = users.id
WHERE users.city = :city ON CONFLICT (city, id) DO NOTHING"""
VEHICLES = f"""
WITH {ACTIVE}
INSERT INTO vehicles (city, id, type, owner_id, date_added, status, last_location, color, brand,
    removed_at)
SELECT vehicles.city, vehicles.id,
    CASE WHEN lower(type) IN ('bike', 'skateboard') THEN lower(type) ELSE 'scooter' END,
    owner_id, CAST(coalesce(date_added, current_date) AS TIMESTAMP WITH TIME ZONE),
    CASE WHEN active.id IS NULL THEN 'available' ELSE 'in_use' END,
    {_plain("last_location", 200, "Unknown")}, {_plain("color", 50, "Unknown")},
    {_plain("brand", 50, "Unknown")}, CASE WHEN status = 'removed' THEN now() END
FROM tutorial.vehicles
LEFT JOIN active ON active.city = vehicles.city AND active.vehicle_id = vehicles.id
WHERE vehicles.city = :city AND owner_id IS NOT NULL ON CONFLICT (city, id) DO NOTHING"""
RIDES = f"""
WITH {ACTIVE}, ends AS (
    SELECT rides.city, rides.id, CASE WHEN end_time > start_time THEN end_time
        WHEN end_time IS NOT NULL OR active.id IS NULL THEN start_time END AS at
    FROM tutorial.rides LEFT JOIN active ON active.city = rides.city AND active.id = rides.id
    WHERE rides.city = :city)
INSERT INTO rides (city, id, vehicle_id, rider_id, rider_city, start_location, end_location,
    start_time, end_time, length)
SELECT rides.city, rides.id, rides.vehicle_id, rides.rider_id, rides.rider_city,
    {_plain("start_location", 200, "Unknown")},
    CASE WHEN at IS NOT NULL
        THEN {_plain("coalesce(end_location, start_location)", 200, "Unknown")} END,
    start_time, at, at - start_time
FROM tutorial.rides JOIN ends ON ends.city = rides.city AND ends.id = rides.id
JOIN users ON users.city = rides.rider_city AND users.id = rides.rider_id
JOIN vehicles ON vehicles.city = rides.city AND vehicles.id = rides.vehicle_id
WHERE rides.city = :city AND start_time IS NOT NULL ON CONFLICT (city, id) DO NOTHING"""


def upgrade() -> None:
    """Copy the rows city by city, each a transaction."""
    if not sa.inspect(op.get_bind()).has_table("users", schema="tutorial"):
        return
    with op.get_context().autocommit_block():
        for copy in (USERS, VEHICLES, RIDES):
            for city in CITIES:
                op.get_bind().execute(sa.text(copy), {"city": city})
        _report()


def _report() -> None:
    numbers = ", ".join(
        f"{_count(table)} of {_count(f'tutorial.{table}')} {table}"
        for table in ("users", "vehicles", "rides")
    )
    op.get_context().config.attributes["report"](
        f"Adopted from the tutorial's site: {numbers}."
        " Check them, and then run: DROP SCHEMA tutorial CASCADE"
    )


def _count(table: str) -> int:
    return op.get_bind().execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()


def downgrade() -> None:
    """Do nothing: the rows go with their tables."""
