"""Let positions be unknown, note when vehicles became available, and search by public id.

The first of two steps (docs/migrations.md). Frozen as it was on its day: a migration imports
nothing from the models.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEX = "vehicles_city_removed_at_status_latitude_band_longitude_idx"
KEY = ["city", "removed_at", "status", "latitude_band", "longitude"]
# All columns of a list, which saves the lookup of the row.
SHOWN = ["public_id", "type", "color", "brand", "last_location", "latitude"]
POSITION = ("latitude", "longitude", "latitude_band")


def upgrade() -> None:
    """Add the column and the index, and let positions be NULL."""
    for column in POSITION:
        op.alter_column("vehicles", column, nullable=True)
    op.add_column(
        "vehicles",
        sa.Column("available_since", sa.DateTime(timezone=True), nullable=True),
        if_not_exists=True,
    )
    op.add_column(
        "vehicles",
        sa.Column("remove_after_ride", sa.Boolean(), server_default="false", nullable=False),
        if_not_exists=True,
    )
    op.create_index(INDEX, "vehicles", KEY, postgresql_include=SHOWN, if_not_exists=True)


def downgrade() -> None:
    """Drop both. The downgrade of 0013 has given every vehicle a position."""
    op.drop_index(INDEX, "vehicles", if_exists=True)
    op.drop_column("vehicles", "remove_after_ride", if_exists=True)
    op.drop_column("vehicles", "available_since", if_exists=True)
    for column in POSITION:
        op.alter_column("vehicles", column, nullable=False)
