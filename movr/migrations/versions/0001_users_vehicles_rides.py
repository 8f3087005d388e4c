"""Users, vehicles and rides.

Frozen as they were on the day: a migration imports nothing from the models, which go on changing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CITY_IS_SERVED = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles',"
    " 'amsterdam', 'paris', 'rome')"
)
CITY = sa.String(20)
TIME = sa.DateTime(timezone=True)


def _plain(column: str, longest: int) -> str:
    return (
        f"length(btrim({column})) BETWEEN 1 AND {longest}"
        rf" AND {column} !~ '[<>\x01-\x1f\x7f]'"
    )


def upgrade() -> None:
    """Make the three tables."""
    _create_users()
    _create_vehicles()
    _create_rides()


def downgrade() -> None:
    """Drop them, and every row in them."""
    op.drop_table("rides")
    op.drop_table("vehicles")
    op.drop_table("users")


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("city", CITY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_name", sa.String(100)),
        sa.Column("last_name", sa.String(100)),
        sa.Column("email", sa.String(254)),
        sa.Column("username", sa.String(64)),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("is_owner", sa.Boolean(), nullable=False),
        sa.Column("active_ride_city", CITY),
        sa.Column("active_ride_id", sa.Uuid()),
        sa.Column("cities_ridden", sa.ARRAY(CITY), nullable=False),
        sa.Column("deleted_at", TIME),
        sa.PrimaryKeyConstraint("city", "id", name="users_pkey"),
        sa.UniqueConstraint("username", name="users_username_key"),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("users_city_check")),
        sa.CheckConstraint(_plain("first_name", 100), name=op.f("users_first_name_check")),
        sa.CheckConstraint(_plain("last_name", 100), name=op.f("users_last_name_check")),
        sa.CheckConstraint("username ~ '^[a-z0-9._@+-]{3,64}$'", name=op.f("users_username_check")),
        sa.CheckConstraint(
            r"email ~ '^[^@\s<>\x01-\x1f\x7f]+@[^@\s<>\x01-\x1f\x7f]+[.][^@\s<>\x01-\x1f\x7f]+$'",
            name=op.f("users_email_check"),
        ),
        sa.CheckConstraint(
            "(active_ride_city IS NULL) = (active_ride_id IS NULL)",
            name=op.f("users_active_ride_check"),
        ),
        sa.CheckConstraint(
            "(deleted_at IS NULL) = (first_name IS NOT NULL)"
            " AND (deleted_at IS NULL) = (last_name IS NOT NULL)"
            " AND (deleted_at IS NULL) = (email IS NOT NULL)"
            " AND (deleted_at IS NULL) = (username IS NOT NULL)"
            " AND (deleted_at IS NULL) = (password_hash IS NOT NULL)"
            " AND (deleted_at IS NULL OR active_ride_id IS NULL)",
            name=op.f("users_erased_check"),
        ),
    )


def _create_vehicles() -> None:
    op.create_table(
        "vehicles",
        sa.Column("city", CITY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("date_added", TIME, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("last_location", sa.String(200), nullable=False),
        sa.Column("color", sa.String(50), nullable=False),
        sa.Column("brand", sa.String(50), nullable=False),
        sa.Column("latitude", sa.Float()),
        sa.Column("longitude", sa.Float()),
        sa.PrimaryKeyConstraint("city", "id", name="vehicles_pkey"),
        sa.ForeignKeyConstraint(
            ["city", "owner_id"], ["users.city", "users.id"], name="vehicles_city_owner_id_fkey"
        ),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("vehicles_city_check")),
        sa.CheckConstraint(
            "type IN ('bike', 'scooter', 'skateboard')", name=op.f("vehicles_type_check")
        ),
        sa.CheckConstraint(
            "status IN ('available', 'in_use', 'removed')", name=op.f("vehicles_status_check")
        ),
        sa.CheckConstraint(_plain("last_location", 200), name=op.f("vehicles_last_location_check")),
        sa.CheckConstraint(_plain("color", 50), name=op.f("vehicles_color_check")),
        sa.CheckConstraint(_plain("brand", 50), name=op.f("vehicles_brand_check")),
        sa.CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL)"
            " AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            name=op.f("vehicles_position_check"),
        ),
    )
    op.create_index("vehicles_city_owner_id_status_idx", "vehicles", ["city", "owner_id", "status"])
    op.create_index("vehicles_city_status_id_idx", "vehicles", ["city", "status", "id"])


def _create_rides() -> None:
    op.create_table(
        "rides",
        sa.Column("city", CITY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column("rider_city", CITY, nullable=False),
        sa.Column("start_location", sa.String(200), nullable=False),
        sa.Column("end_location", sa.String(200)),
        sa.Column("start_time", TIME, nullable=False),
        sa.Column("end_time", TIME),
        sa.Column("length", sa.Interval()),
        sa.PrimaryKeyConstraint("city", "id", name="rides_pkey"),
        sa.ForeignKeyConstraint(
            ["rider_city", "rider_id"],
            ["users.city", "users.id"],
            name="rides_rider_city_rider_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["city", "vehicle_id"],
            ["vehicles.city", "vehicles.id"],
            name="rides_city_vehicle_id_fkey",
        ),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("rides_city_check")),
        sa.CheckConstraint(_plain("start_location", 200), name=op.f("rides_start_location_check")),
        sa.CheckConstraint(_plain("end_location", 200), name=op.f("rides_end_location_check")),
        sa.CheckConstraint(
            "(end_time IS NULL) = (end_location IS NULL) AND (end_time IS NULL) = (length IS NULL)"
            " AND end_time >= start_time",
            name=op.f("rides_ended_check"),
        ),
    )
    op.create_index(
        "rides_rider_city_rider_id_start_time_id_idx",
        "rides",
        ["rider_city", "rider_id", "start_time", "id"],
    )
    op.create_index("rides_city_vehicle_id_idx", "rides", ["city", "vehicle_id"])
