"""Note what a request with an idempotency key has done, which its repetition returns.

Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; older keys have no result, so that their repetitions run again."""
    op.add_column("idempotency_keys", sa.Column("result", sa.String(200)), if_not_exists=True)


def downgrade() -> None:
    """Drop it."""
    op.drop_column("idempotency_keys", "result", if_exists=True)
