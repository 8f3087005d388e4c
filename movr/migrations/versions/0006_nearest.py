"""Index vehicles by position, which becomes mandatory.

Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CERTAIN = ("latitude", "longitude", "band")
# Without an active ride, the columns that describe it are NULL.
RIDING = (
    "active_ride_id IS NOT NULL OR (active_ride_type IS NULL AND active_ride_brand IS NULL"
    " AND active_ride_start IS NULL AND active_ride_latitude IS NULL"
    " AND active_ride_longitude IS NULL)"
)
OLD_INDEX, NEW_INDEX = ["city", "removed_at", "id"], ["city", "removed_at", "band", "longitude"]
OLD_RIDES, NEW_RIDES = ["city", "vehicle_id"], ["city", "vehicle_id", "start_time"]


def upgrade() -> None:
    """Add the constraints and indexes."""
    for column in CERTAIN:
        op.alter_column("vehicles", column, nullable=False)
    _check("vehicles", "band", "band = floor(latitude * 200)")
    _check("rides", "distance", "distance >= 0")
    _check("users", "riding", RIDING)
    op.create_index(
        "vehicles_city_public_id_idx", "vehicles", ["city", "public_id"], if_not_exists=True
    )
    _index("vehicles", new=NEW_INDEX, old=OLD_INDEX)
    _index("rides", new=NEW_RIDES, old=OLD_RIDES)


def downgrade() -> None:
    """Restore the former constraints and indexes."""
    _index("rides", new=OLD_RIDES, old=NEW_RIDES)
    _index("vehicles", new=OLD_INDEX, old=NEW_INDEX)
    op.drop_index("vehicles_city_public_id_idx", "vehicles", if_exists=True)
    op.drop_constraint(op.f("users_riding_check"), "users", if_exists=True)
    op.drop_constraint(op.f("rides_distance_check"), "rides", if_exists=True)
    op.drop_constraint(op.f("vehicles_band_check"), "vehicles", if_exists=True)
    for column in CERTAIN:
        op.alter_column("vehicles", column, nullable=True)


def _check(table: str, name: str, condition: str) -> None:
    """Add a CHECK constraint unless it exists; on CockroachDB a migration may run again halfway."""
    name = f"{table}_{name}_check"
    there = sa.text(
        "SELECT 1 FROM pg_constraint WHERE conname = :name AND conrelid = CAST(:table AS REGCLASS)"
    )
    if op.get_bind().execute(there, {"name": name, "table": table}).first() is None:
        op.create_check_constraint(op.f(name), table, condition)


def _index(table: str, *, new: list[str], old: list[str]) -> None:
    op.create_index(f"{table}_{'_'.join(new)}_idx", table, new, if_not_exists=True)
    op.drop_index(f"{table}_{'_'.join(old)}_idx", table, if_exists=True)
