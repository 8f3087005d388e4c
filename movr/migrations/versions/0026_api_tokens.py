"""Add the tokens of the API.

Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

CITY_IS_SERVED = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles',"
    " 'amsterdam', 'paris', 'rome')"
)


def upgrade() -> None:
    """Create the table, with an index for the tokens of a member."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "api_tokens",
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("device", sa.String(50), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("access_hash", sa.String(64), nullable=False),
        sa.Column("access_until", moment, nullable=False),
        sa.Column("refresh_hash", sa.String(64), nullable=False),
        sa.Column("refresh_until", moment, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("last_used_at", moment, nullable=False),
        sa.Column("revoked_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("city", "id", name="api_tokens_pkey"),
        sa.ForeignKeyConstraint(
            ["city", "holder_id"], ["users.city", "users.id"], name="api_tokens_city_holder_id_fkey"
        ),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("api_tokens_city_check")),
        sa.CheckConstraint(
            r"length(btrim(device)) BETWEEN 1 AND 50 AND device !~ '[<>\x01-\x1f\x7f]'",
            name=op.f("api_tokens_device_check"),
        ),
        if_not_exists=True,
    )
    op.create_index(
        op.f("api_tokens_city_holder_id_created_at_idx"),
        "api_tokens",
        ["city", "holder_id", "created_at"],
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop the table, which ends the access of all programs."""
    op.drop_table("api_tokens", if_exists=True)
