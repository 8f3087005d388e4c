"""Drop the wide bands of latitude, once no running code searches by them.

Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INDEX = "vehicles_city_removed_at_band_longitude_idx"


def upgrade() -> None:
    """Drop the column and its index."""
    op.drop_index(INDEX, "vehicles", if_exists=True)
    op.drop_column("vehicles", "band", if_exists=True)


def downgrade() -> None:
    """Add both; the downgrade of 0010 fills the column."""
    op.add_column("vehicles", sa.Column("band", sa.Integer()), if_not_exists=True)
    op.create_index(
        INDEX, "vehicles", ["city", "removed_at", "band", "longitude"], if_not_exists=True
    )
