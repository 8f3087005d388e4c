"""Add reservations, in the rows of the vehicle and of the rider, and list them by a new index.

Older code uses neither, and starts a ride with a reserved vehicle (docs/migrations.md).
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEY = ["city", "removed_at", "status", "latitude_band", "longitude"]
OLD_INDEX = "vehicles_list_idx"
OLD_SHOWN = ["public_id", "type", "color", "brand", "last_location", "latitude", "number"]
NEW_INDEX = "vehicles_available_idx"
NEW_SHOWN = [*OLD_SHOWN, "reserved_until", "reserved_by_city", "reserved_by_id"]

COLUMNS = (
    ("vehicles", "reserved_until", sa.DateTime(timezone=True)),
    ("vehicles", "reserved_by_city", sa.String(20)),
    ("vehicles", "reserved_by_id", sa.Uuid()),
    ("users", "reservation_city", sa.String(20)),
    ("users", "reservation_public_id", sa.Uuid()),
    ("users", "reservation_type", sa.String(20)),
    ("users", "reservation_brand", sa.String(50)),
    ("users", "reservation_until", sa.DateTime(timezone=True)),
)
CHECKS = (
    (
        "vehicles",
        "vehicles_reserved_check",
        (
            "(reserved_until IS NULL) = (reserved_by_id IS NULL)"
            " AND (reserved_until IS NULL) = (reserved_by_city IS NULL)"
        ),
    ),
    (
        "users",
        "users_reservation_check",
        (
            "(reservation_until IS NULL) = (reservation_public_id IS NULL)"
            " AND (reservation_until IS NULL) = (reservation_city IS NULL)"
        ),
    ),
)


def upgrade() -> None:
    """Add the columns, their constraints, and the index in place of the former one."""
    for table, column, kind in COLUMNS:
        op.add_column(table, sa.Column(column, kind, nullable=True), if_not_exists=True)
    for table, name, condition in CHECKS:
        _check(table, name, condition)
    op.create_index(NEW_INDEX, "vehicles", KEY, postgresql_include=NEW_SHOWN, if_not_exists=True)
    op.drop_index(OLD_INDEX, "vehicles", if_exists=True)


def downgrade() -> None:
    """Restore the former index, and drop the rest."""
    op.create_index(OLD_INDEX, "vehicles", KEY, postgresql_include=OLD_SHOWN, if_not_exists=True)
    op.drop_index(NEW_INDEX, "vehicles", if_exists=True)
    for table, name, _ in CHECKS:
        op.drop_constraint(op.f(name), table, if_exists=True)
    for table, column, _ in COLUMNS:
        op.drop_column(table, column, if_exists=True)


def _check(table: str, name: str, condition: str) -> None:
    """Add a CHECK constraint unless it exists; on CockroachDB a migration may run again halfway."""
    there = sa.text(
        "SELECT 1 FROM pg_constraint WHERE conname = :name AND conrelid = CAST(:table AS REGCLASS)"
    )
    if op.get_bind().execute(there, {"name": name, "table": table}).first() is None:
        op.create_check_constraint(op.f(name), table, condition)
