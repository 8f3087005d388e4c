"""Note the language of each member; it is NULL until they choose one.

Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("users", sa.Column("language", sa.String(2)), if_not_exists=True)


def downgrade() -> None:
    """Drop it."""
    op.drop_column("users", "language", if_exists=True)
