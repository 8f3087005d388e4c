"""Add the tariffs of each city, and note a ride's tariff and amount.

Older code notes no tariff, so that its rides are free of charge, and so are rides that it ends. It
leaves the tariff in the rider's row; the next ride replaces it.
Imports nothing from the models, because they change after the migration is written.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

US = ("new york", "boston", "washington dc", "seattle", "san francisco", "los angeles")
EUROPE = ("amsterdam", "paris", "rome")
CITY_IS_SERVED = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles',"
    " 'amsterdam', 'paris', 'rome')"
)
# Unlock fee, price of a minute and daily cap in cents, and the owner's share per cent.
FIRST = {
    US: {
        "bike": (100, 20, 1800, 70),
        "scooter": (100, 39, 2500, 70),
        "skateboard": (50, 15, 1200, 70),
    },
    EUROPE: {
        "bike": (100, 15, 1500, 70),
        "scooter": (100, 25, 2000, 70),
        "skateboard": (50, 12, 1000, 70),
    },
}
COLUMNS = ("unlock_fee", "per_minute", "daily_cap", "owner_percent")
ROWS = [
    {
        "city": city,
        "vehicle_type": vehicle_type,
        "valid_from": datetime(1970, 1, 1, tzinfo=UTC),
        **dict(zip(COLUMNS, amounts, strict=True)),
    }
    for cities, by_type in FIRST.items()
    for city in cities
    for vehicle_type, amounts in by_type.items()
]
NOTED_BY_RIDES = (*COLUMNS, "amount")
NOTED_BY_RIDERS = ("active_ride_unlock_fee", "active_ride_per_minute", "active_ride_daily_cap")


def upgrade() -> None:
    """Create the table with the first tariffs, and add the columns."""
    tariffs = op.create_table(
        "tariffs",
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("vehicle_type", sa.String(20), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in COLUMNS),
        sa.PrimaryKeyConstraint("city", "vehicle_type", "valid_from", name="tariffs_pkey"),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("tariffs_city_check")),
        sa.CheckConstraint(
            "vehicle_type IN ('bike', 'scooter', 'skateboard')",
            name=op.f("tariffs_vehicle_type_check"),
        ),
        sa.CheckConstraint(
            "unlock_fee BETWEEN 0 AND daily_cap AND per_minute BETWEEN 0 AND daily_cap"
            " AND daily_cap <= 100000 AND owner_percent BETWEEN 0 AND 100",
            name=op.f("tariffs_amounts_check"),
        ),
        if_not_exists=True,
    )
    if not op.get_bind().execute(sa.select(tariffs.c.city).limit(1)).first():
        op.bulk_insert(tariffs, ROWS)
    for name in NOTED_BY_RIDES:
        op.add_column("rides", sa.Column(name, sa.BigInteger()), if_not_exists=True)
    for name in NOTED_BY_RIDERS:
        op.add_column("users", sa.Column(name, sa.BigInteger()), if_not_exists=True)


def downgrade() -> None:
    """Drop them: what rides cost is lost."""
    for name in NOTED_BY_RIDERS:
        op.drop_column("users", name, if_exists=True)
    for name in NOTED_BY_RIDES:
        op.drop_column("rides", name, if_exists=True)
    op.drop_table("tariffs", if_exists=True)
