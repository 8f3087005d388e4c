"""Store the totals of a rider's rides by week and month instead of computing them for each page.

Older code does not use the table (docs/migrations.md).
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CITY_IS_SERVED = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles',"
    " 'amsterdam', 'paris', 'rome')"
)


def upgrade() -> None:
    """Create the table. It is only read by its primary key."""
    op.create_table(
        "ride_totals",
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.String(5), nullable=False),
        sa.Column("begin", sa.Date(), nullable=False),
        sa.Column("rides", sa.Integer(), nullable=False),
        sa.Column("length", sa.Interval(), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("city", "rider_id", "period", "begin", name="ride_totals_pkey"),
        sa.ForeignKeyConstraint(
            ["city", "rider_id"], ["users.city", "users.id"], name="ride_totals_city_rider_id_fkey"
        ),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("ride_totals_city_check")),
        sa.CheckConstraint("period IN ('week', 'month')", name=op.f("ride_totals_period_check")),
        sa.CheckConstraint("rides > 0 AND distance >= 0", name=op.f("ride_totals_amounts_check")),
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop the table; it can be recomputed from the rides."""
    op.drop_table("ride_totals", if_exists=True)
