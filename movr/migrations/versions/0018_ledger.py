"""Add the ledger of what rides cost, in double entry. Rows are only added.

There are no foreign keys: one to the owner would make the end of a ride wait for the owner's row
while it has locked the vehicle, and placement `postgres-partition` rebuilds the table of rides.
Older code does not write it, and ends rides free of charge.
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

CITY_IS_SERVED = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles',"
    " 'amsterdam', 'paris', 'rome')"
)


def upgrade() -> None:
    """Create the table, with an index for the entries of a rider or owner by time."""
    op.create_table(
        "ledger_entries",
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("ride_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("account", sa.String(10), nullable=False),
        sa.Column("holder_city", sa.String(20), nullable=True),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("city", "ride_id", "kind", "account", name="ledger_entries_pkey"),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("ledger_entries_city_check")),
        sa.CheckConstraint(
            "kind IN ('fare', 'refund', 'payment')", name=op.f("ledger_entries_kind_check")
        ),
        sa.CheckConstraint(
            "account IN ('rider', 'owner', 'movr', 'gateway')",
            name=op.f("ledger_entries_account_check"),
        ),
        sa.CheckConstraint(
            "(account IN ('rider', 'owner')) = (holder_id IS NOT NULL)"
            " AND (holder_city IS NULL) = (holder_id IS NULL)",
            name=op.f("ledger_entries_holder_check"),
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ledger_entries_amount_check")),
        if_not_exists=True,
    )
    op.create_index(
        op.f("ledger_entries_city_holder_id_created_at_idx"),
        "ledger_entries",
        ["city", "holder_id", "created_at"],
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop the table: what was charged and earned is lost."""
    op.drop_table("ledger_entries", if_exists=True)
