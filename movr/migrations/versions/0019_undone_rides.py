"""Note rides that their riders have undone, and why. No ride of before was.

Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CHECKS = {
    "undone": "(NOT undone OR end_time IS NOT NULL) AND (undone OR undo_reason IS NULL)",
    "undo_reason": (
        "length(btrim(undo_reason)) BETWEEN 1 AND 300 AND undo_reason !~ '[<>\\x01-\\x1f\\x7f]'"
    ),
}


def upgrade() -> None:
    """Add the columns and their constraints."""
    op.add_column(
        "rides",
        sa.Column("undone", sa.Boolean(), server_default="false", nullable=False),
        if_not_exists=True,
    )
    op.add_column("rides", sa.Column("undo_reason", sa.String(300)), if_not_exists=True)
    for name, condition in CHECKS.items():
        # On CockroachDB a migration may run again halfway.
        op.execute(f"ALTER TABLE rides DROP CONSTRAINT IF EXISTS rides_{name}_check")
        op.create_check_constraint(
            op.f(f"rides_{name}_check"), "rides", condition, postgresql_not_valid=True
        )
    # Apart, because it reads all rides, which otherwise could not start or end meanwhile.
    with op.get_context().autocommit_block():
        for name in CHECKS:
            op.execute(f"ALTER TABLE rides VALIDATE CONSTRAINT rides_{name}_check")


def downgrade() -> None:
    """Drop them. Afterwards undone rides look like others; `flask db recount` counts them."""
    for name in CHECKS:
        op.execute(f"ALTER TABLE rides DROP CONSTRAINT IF EXISTS rides_{name}_check")
    op.drop_column("rides", "undo_reason", if_exists=True)
    op.drop_column("rides", "undone", if_exists=True)
