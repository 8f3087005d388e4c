"""Add the table of problems that riders report, and where each member has reported any.

There are no foreign keys, so that a report locks no row of another region.
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

CITY_IS_SERVED = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles',"
    " 'amsterdam', 'paris', 'rome')"
)
CHECKS = {
    "city": CITY_IS_SERVED,
    "kind": "kind IN ('brakes', 'tyre', 'lock', 'battery', 'not_there', 'dirty', 'other')",
    "words": "length(btrim(words)) BETWEEN 1 AND 300 AND words !~ '[<>\\x01-\\x1f\\x7f]'",
    "position": (
        "(latitude IS NULL) = (longitude IS NULL)"
        " AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180"
    ),
    "outcome": "outcome IN ('mended', 'no_fault')",
    "closed": (
        "(closed_at IS NULL) = (outcome IS NULL)"
        " AND (closed_by_city IS NULL) = (closed_by_id IS NULL)"
        " AND (closed_by_id IS NULL OR closed_at IS NOT NULL)"
    ),
}
INDEXES = (
    ("city", "closed_at", "created_at", "id"),
    ("city", "vehicle_id", "closed_at", "created_at"),
    ("city", "reporter_id", "created_at"),
)


def upgrade() -> None:
    """Create the table with its indexes, and add the column of members."""
    op.create_table(
        "reports",
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("reporter_city", sa.String(20), nullable=False),
        sa.Column("reporter_id", sa.Uuid(), nullable=False),
        sa.Column("ride_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("words", sa.String(300), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_city", sa.String(20), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.String(10), nullable=True),
        sa.PrimaryKeyConstraint("city", "id", name="reports_pkey"),
        *(
            sa.CheckConstraint(condition, name=op.f(f"reports_{name}_check"))
            for name, condition in CHECKS.items()
        ),
        if_not_exists=True,
    )
    for columns in INDEXES:
        name = op.f(f"reports_{'_'.join(columns)}_idx")
        op.create_index(name, "reports", list(columns), if_not_exists=True)
    op.add_column(
        "users",
        sa.Column("cities_reported", sa.ARRAY(sa.String(20)), server_default="{}", nullable=False),
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop them: what was reported is lost."""
    op.drop_column("users", "cities_reported", if_exists=True)
    op.drop_table("reports", if_exists=True)
