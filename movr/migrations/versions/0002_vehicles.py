"""Vehicles.

Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
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
        sa.Column("removed_at", TIME),
        sa.PrimaryKeyConstraint("city", "id", name="vehicles_pkey"),
        sa.ForeignKeyConstraint(
            ["city", "owner_id"], ["users.city", "users.id"], name="vehicles_city_owner_id_fkey"
        ),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("vehicles_city_check")),
        sa.CheckConstraint(
            "type IN ('bike', 'scooter', 'skateboard')", name=op.f("vehicles_type_check")
        ),
        sa.CheckConstraint("status IN ('available', 'in_use')", name=op.f("vehicles_status_check")),
        sa.CheckConstraint(_plain("last_location", 200), name=op.f("vehicles_last_location_check")),
        sa.CheckConstraint(_plain("color", 50), name=op.f("vehicles_color_check")),
        sa.CheckConstraint(_plain("brand", 50), name=op.f("vehicles_brand_check")),
        sa.CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL)"
            " AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            name=op.f("vehicles_position_check"),
        ),
        sa.CheckConstraint(
            "removed_at IS NULL OR status = 'available'", name=op.f("vehicles_removed_check")
        ),
        if_not_exists=True,
    )
    for columns in (
        ["city", "owner_id", "status"],
        ["city", "removed_at", "id"],
        ["city", "removed_at", "status", "id"],
    ):
        name = f"vehicles_{'_'.join(columns)}_idx"
        op.create_index(name, "vehicles", columns, if_not_exists=True)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("vehicles", if_exists=True)
