"""Clear positions that are not known, and drop the indexes that list vehicles in use.

Vehicles that stand exactly on the centre of their city were added without a position. The second of
two steps (docs/migrations.md). Frozen as it was on its day: a migration imports nothing from the
models.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BY_BAND = "vehicles_city_removed_at_latitude_band_longitude_idx"
BY_BAND_KEY = ["city", "removed_at", "latitude_band", "longitude"]
BY_BAND_SHOWN = ["type", "color", "brand", "status", "last_location", "latitude"]
BY_ID = "vehicles_city_removed_at_status_id_idx"
CENTRES = {
    "new york": (40.7128, -74.006),
    "boston": (42.3601, -71.0589),
    "washington dc": (38.9072, -77.0369),
    "seattle": (47.6062, -122.3321),
    "san francisco": (37.7749, -122.4194),
    "los angeles": (34.0522, -118.2437),
    "amsterdam": (52.3676, 4.9041),
    "paris": (48.8566, 2.3522),
    "rome": (41.9028, 12.4964),
}
FORGET = sa.text(
    "UPDATE vehicles SET latitude = NULL, longitude = NULL"
    " WHERE city = :city AND latitude = :latitude AND longitude = :longitude"
)
PLACE = sa.text(
    "UPDATE vehicles SET latitude = :latitude, longitude = :longitude"
    " WHERE city = :city AND latitude IS NULL"
)


def upgrade() -> None:
    """Drop both indexes and clear the positions."""
    op.drop_index(BY_BAND, "vehicles", if_exists=True)
    op.drop_index(BY_ID, "vehicles", if_exists=True)
    _in_each_city(FORGET)


def downgrade() -> None:
    """Add both indexes; place vehicles of unknown position on the centre of their city."""
    op.create_index(
        BY_BAND, "vehicles", BY_BAND_KEY, postgresql_include=BY_BAND_SHOWN, if_not_exists=True
    )
    op.create_index(BY_ID, "vehicles", ["city", "removed_at", "status", "id"], if_not_exists=True)
    _in_each_city(PLACE)


def _in_each_city(change: sa.TextClause) -> None:
    """Run an UPDATE city by city, each a transaction, so that each stays in one region.

    CockroachDB does not allow a schema change after a write in a transaction.
    """
    with op.get_context().autocommit_block():
        for city, (latitude, longitude) in CENTRES.items():
            parameters = {"city": city, "latitude": latitude, "longitude": longitude}
            op.get_bind().execute(change, parameters)
