"""Add the session epoch, with which all sessions of an account can be ended.

Older code neither reads nor writes the column; sessions that it starts have the epoch 0.
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Neither engine rewrites the rows."""
    epoch = sa.Column("session_epoch", sa.Integer(), server_default=sa.text("0"), nullable=False)
    op.add_column("users", epoch, if_not_exists=True)


def downgrade() -> None:
    """Drop the column. Sessions that were ended become valid again."""
    op.drop_column("users", "session_epoch", if_exists=True)
