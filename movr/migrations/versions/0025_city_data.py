"""Add the tokens of agencies that read a city's data, and the zones where rides may end.

Older code uses neither table.
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

CITY_IS_SERVED = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles',"
    " 'amsterdam', 'paris', 'rome')"
)
IS_NAME = r"length(btrim(name)) BETWEEN 1 AND 100 AND name !~ '[<>\x01-\x1f\x7f]'"


def upgrade() -> None:
    """Create the tables."""
    _create_agency_tokens()
    op.create_table(
        "zones",
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("ride_end_allowed", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("city", "id", name="zones_pkey"),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("zones_city_check")),
        sa.CheckConstraint(IS_NAME, name=op.f("zones_name_check")),
        sa.CheckConstraint("length(area) <= 250000", name=op.f("zones_area_check")),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("zones_valid_check")),
        if_not_exists=True,
    )


def _create_agency_tokens() -> None:
    op.create_table(
        "agency_tokens",
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("city", "id", name="agency_tokens_pkey"),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("agency_tokens_city_check")),
        sa.CheckConstraint(IS_NAME, name=op.f("agency_tokens_name_check")),
        if_not_exists=True,
    )
    op.create_index(
        op.f("agency_tokens_city_token_hash_idx"),
        "agency_tokens",
        ["city", "token_hash"],
        unique=True,
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop them: agencies need new tokens, and rides may end anywhere in the city."""
    op.drop_table("zones", if_exists=True)
    op.drop_table("agency_tokens", if_exists=True)
