"""Note which members want their receipts by mail; none does until they say so.

Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "users",
        sa.Column("receipts_by_mail", sa.Boolean(), server_default="false", nullable=False),
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("users", "receipts_by_mail", if_exists=True)
