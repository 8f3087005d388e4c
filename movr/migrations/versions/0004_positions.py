"""Positions of vehicles, and of the start and end of rides.

The first of three steps (docs/migrations.md): columns that older code does not use.
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003a"
branch_labels = None
depends_on = None

PLACE = sa.Float()
COLUMNS = (
    # The band of latitude, for the index on positions.
    ("vehicles", "band", sa.Integer()),
    # A copy of the active ride's data, so that pages need not read it from another region.
    ("users", "active_ride_type", sa.String(20)),
    ("users", "active_ride_brand", sa.String(50)),
    ("users", "active_ride_start", sa.DateTime(timezone=True)),
    ("users", "active_ride_latitude", PLACE),
    ("users", "active_ride_longitude", PLACE),
    ("rides", "start_latitude", PLACE),
    ("rides", "start_longitude", PLACE),
    ("rides", "end_latitude", PLACE),
    ("rides", "end_longitude", PLACE),
    ("rides", "distance", sa.Integer()),
)


def upgrade() -> None:
    """Add the columns; `public_id` identifies a vehicle in public until its next ride."""
    for table, name, type_ in COLUMNS:
        op.add_column(table, sa.Column(name, type_), if_not_exists=True)
    new = sa.text("gen_random_uuid()")
    public_id = sa.Column("public_id", sa.Uuid(), server_default=new, nullable=False)
    op.add_column("vehicles", public_id, if_not_exists=True)


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("vehicles", "public_id", if_exists=True)
    for table, name, _ in COLUMNS:
        op.drop_column(table, name, if_exists=True)
