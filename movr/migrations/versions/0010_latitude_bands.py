"""Add narrower bands of latitude, computed by the database, so that searches read fewer rows.

The first of two steps (docs/migrations.md). Older code writes `band` and searches by it; newer code
does neither. While both run, the older code may miss a vehicle that newer code has moved. Frozen as
it was on its day: a migration imports nothing from the models.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEX = "vehicles_city_removed_at_latitude_band_longitude_idx"
# All columns of a list, which saves the lookup of the row.
SHOWN = ["type", "color", "brand", "status", "last_location", "latitude"]
BAND = sa.text("UPDATE vehicles SET band = CAST(floor(latitude * 200) AS INTEGER) WHERE city = :c")
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


def upgrade() -> None:
    """Add the computed column and its index; writing `band` becomes optional."""
    op.execute("ALTER TABLE vehicles DROP CONSTRAINT IF EXISTS vehicles_band_check")
    op.alter_column("vehicles", "band", nullable=True)
    computed = sa.Computed("CAST(floor(latitude * 2000) AS INTEGER)", persisted=True)
    op.add_column(
        "vehicles",
        sa.Column("latitude_band", sa.Integer(), computed, nullable=False),
        if_not_exists=True,
    )
    op.create_index(
        INDEX,
        "vehicles",
        ["city", "removed_at", "latitude_band", "longitude"],
        postgresql_include=SHOWN,
        if_not_exists=True,
    )


def downgrade() -> None:
    """Fill `band` city by city, so that each statement stays in one region.

    Each UPDATE is a separate transaction: CockroachDB does not allow a schema change after a write.
    """
    op.drop_index(INDEX, "vehicles", if_exists=True)
    op.drop_column("vehicles", "latitude_band", if_exists=True)
    op.execute("ALTER TABLE vehicles DROP CONSTRAINT IF EXISTS vehicles_band_check")
    with op.get_context().autocommit_block():
        for city in CITIES:
            op.get_bind().execute(BAND, {"c": city})
    op.alter_column("vehicles", "band", nullable=False)
    op.create_check_constraint(
        op.f("vehicles_band_check"), "vehicles", "band = floor(latitude * 200)"
    )
