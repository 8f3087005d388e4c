"""Add the table of requests with an idempotency key.

Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

CITY_IS_SERVED = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles',"
    " 'amsterdam', 'paris', 'rome')"
)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "idempotency_keys",
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("city", "id", name="idempotency_keys_pkey"),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("idempotency_keys_city_check")),
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop the table: a request that is repeated afterwards counts as a new one."""
    op.drop_table("idempotency_keys", if_exists=True)
