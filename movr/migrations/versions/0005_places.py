"""Give vehicles without a position the position of their city's centre.

Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CENTRES = {
    "new york": (40.7128, -74.0060),
    "boston": (42.3601, -71.0589),
    "washington dc": (38.9072, -77.0369),
    "seattle": (47.6062, -122.3321),
    "san francisco": (37.7749, -122.4194),
    "los angeles": (34.0522, -118.2437),
    "amsterdam": (52.3676, 4.9041),
    "paris": (48.8566, 2.3522),
    "rome": (41.9028, 12.4964),
}
PLACE = sa.text(
    "UPDATE vehicles SET latitude = :latitude, longitude = :longitude"
    " WHERE city = :city AND latitude IS NULL"
)
BAND = sa.text(
    "UPDATE vehicles SET band = CAST(floor(latitude * 200) AS INTEGER)"
    " WHERE city = :city AND band IS NULL"
)
# Reads rides in other cities as well; active rides are few.
RIDING = sa.text(
    "UPDATE users SET active_ride_start = rides.start_time, active_ride_type = vehicles.type,"
    " active_ride_brand = vehicles.brand FROM rides JOIN vehicles"
    " ON vehicles.city = rides.city AND vehicles.id = rides.vehicle_id"
    " WHERE users.city = :city AND users.active_ride_id IS NOT NULL"
    " AND rides.city = users.active_ride_city AND rides.id = users.active_ride_id"
)


def upgrade() -> None:
    """Fill the columns city by city, so that each statement stays in one region."""
    connection = op.get_bind()
    for city, (latitude, longitude) in CENTRES.items():
        centre = {"city": city, "latitude": latitude, "longitude": longitude}
        connection.execute(PLACE, centre)
        connection.execute(BAND, {"city": city})
        connection.execute(RIDING, {"city": city})


def downgrade() -> None:
    """Do nothing: older code ignores the values."""
