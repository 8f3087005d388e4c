"""Sessions that end: what a session must say to be its user's.

Code from before this neither reads nor writes the column, so its sessions are of the epoch 0.
Frozen as it was on its day: a migration imports nothing from the models, which go on changing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. On both engines this touches no row."""
    epoch = sa.Column("session_epoch", sa.Integer(), server_default=sa.text("0"), nullable=False)
    op.add_column("users", epoch, if_not_exists=True)


def downgrade() -> None:
    """Drop it: sessions that were ended by it are good again."""
    op.drop_column("users", "session_epoch", if_exists=True)
