"""Rides.

Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
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
    """Create the table and its indexes."""
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
        if_not_exists=True,
    )
    for columns in (["rider_city", "rider_id", "start_time", "id"], ["city", "vehicle_id"]):
        name = f"rides_{'_'.join(columns)}_idx"
        op.create_index(name, "rides", columns, if_not_exists=True)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("rides", if_exists=True)
