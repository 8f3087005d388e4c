"""Add the letters that are to be sent, and an index for the rides under way by age.

Older code writes no letters; it sends its own.
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

CITY_IS_SERVED = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles',"
    " 'amsterdam', 'paris', 'rome')"
)
RIDES_UNDER_WAY = "rides_city_start_time_idx"


def upgrade() -> None:
    """Create the table and the indexes."""
    op.create_table(
        "outbox",
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("address", sa.String(254), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(50), nullable=True),
        sa.PrimaryKeyConstraint("city", "id", name="outbox_pkey"),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("outbox_city_check")),
        sa.CheckConstraint("attempts >= 0", name=op.f("outbox_attempts_check")),
        sa.CheckConstraint(
            "sent_at IS NULL OR (failed_at IS NULL AND data IS NULL AND address IS NULL)",
            name=op.f("outbox_sent_check"),
        ),
        if_not_exists=True,
    )
    op.create_index(
        op.f("outbox_city_due_at_idx"),
        "outbox",
        ["city", "due_at"],
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        if_not_exists=True,
    )
    op.create_index(
        op.f("outbox_city_user_id_sent_at_idx"),
        "outbox",
        ["city", "user_id", "sent_at"],
        if_not_exists=True,
    )
    op.create_index(
        RIDES_UNDER_WAY,
        "rides",
        ["city", "start_time"],
        postgresql_where=sa.text("end_time IS NULL"),
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop them: letters that were not sent are lost."""
    op.drop_index(RIDES_UNDER_WAY, "rides", if_exists=True)
    op.drop_table("outbox", if_exists=True)
